import { type ApiReleases, foldApiReleases } from "../api/api-release.ts";
import { foldTokens, newOperatorTokens, type OperatorTokens } from "../api/token.ts";
import { type BootState, foldBoot, newBootState } from "../boot/exchange.ts";
import { type CampaignState, foldCampaign, NO_CAMPAIGN } from "../campaign/campaign.ts";
import { foldReleased, newReleased, type Released } from "../escrow/released.ts";
import { foldReleasedByHand, newReleasedByHand, type ReleasedByHand } from "../escrow/released-by-hand.ts";
import type { Entry } from "../ledger/entry.ts";
import { foldSession, newSessions, type Sessions } from "../rescue/session.ts";

/** All that a station knows, folded from the ledger: after kill -9 it is what it was before. */
export interface StationState {
  campaign: CampaignState;
  readonly boots: BootState;
  readonly sessions: Sessions;
  readonly released: Released;
  readonly tokens: OperatorTokens;
  readonly apiReleases: ApiReleases;
  readonly releasedByHand: ReleasedByHand;
  /** Sequence of the last entry taken in. */
  seq: number;
}

export function newStationState(): StationState {
  return {
    campaign: NO_CAMPAIGN,
    boots: newBootState(),
    sessions: newSessions(),
    released: newReleased(),
    tokens: newOperatorTokens(),
    apiReleases: new Map(),
    releasedByHand: newReleasedByHand(),
    seq: 0,
  };
}

/** Takes in one more ledger entry, in order. */
export function foldStation(state: StationState, entry: Entry): void {
  state.campaign = foldCampaign(state.campaign, entry);
  foldBoot(state.boots, entry);
  foldSession(state.sessions, entry);
  foldReleased(state.released, entry);
  foldTokens(state.tokens, entry);
  foldApiReleases(state.apiReleases, entry);
  foldReleasedByHand(state.releasedByHand, entry);
  state.seq = entry.seq;
}
