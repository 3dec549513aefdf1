import { type ApiReleases, foldApiReleases } from "../api/api-release.ts";
import { foldTokens, newOperatorTokens, type OperatorTokens } from "../api/token.ts";
import { type BootState, foldBoot, newBootState } from "../boot/exchange.ts";
import { type CampaignState, foldCampaign, NO_CAMPAIGN } from "../campaign/campaign.ts";
import { foldReleased, newReleased, type Released } from "../escrow/released.ts";
import { foldReleasedByHand, newReleasedByHand, type ReleasedByHand } from "../escrow/released-by-hand.ts";
import type { Entry } from "../ledger/entry.ts";
import type { EntryType } from "../ledger/events/event.ts";
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

/** One part of the state. */
type Part = Exclude<keyof StationState, "seq">;

/** How each part takes in an entry; kinds that are none of its own leave it as it is. */
export const FOLDS: { readonly [Name in Part]: (state: StationState, entry: Entry) => void } = {
  campaign: (state, entry) => {
    state.campaign = foldCampaign(state.campaign, entry);
  },
  boots: ({ boots }, entry) => foldBoot(boots, entry),
  sessions: ({ sessions }, entry) => foldSession(sessions, entry),
  released: ({ released }, entry) => foldReleased(released, entry),
  tokens: ({ tokens }, entry) => foldTokens(tokens, entry),
  apiReleases: ({ apiReleases }, entry) => foldApiReleases(apiReleases, entry),
  releasedByHand: ({ releasedByHand }, entry) => foldReleasedByHand(releasedByHand, entry),
};

/** These keep the time of the newest entry too: a clock that was set back makes no token valid again. */
const EVERY_ENTRY: readonly Part[] = ["tokens", "releasedByHand"];

/** Which other parts take a kind of entry. None: a record of what happened, on which no decision of a station rests. */
const PARTS: { readonly [Type in EntryType]: readonly Part[] } = {
  "station.started": [],
  "station.noticed": [],
  "station.key-made": [],
  "station.key-replaced": [],
  "vault.created": [],
  "vault.imported": [],
  "vault.synced": [],
  "vault.unsealed": [],
  "vault.sealed": [],
  "vault.rekeyed": [],
  "vault.split": [],
  "vault.lock-removed": [],
  "vault.checking": [],
  "vault.checked": [],
  "vault.backed-up": [],
  "vault.restored": [],
  "vault.ledger-changed": [],
  "campaign.armed": ["campaign"],
  "campaign.halted": ["campaign"],
  "boot.offered": ["boots"],
  "boot.token-minted": ["boots"],
  "session.opened": ["sessions"],
  "session.refused": [],
  "pairing.confirmed": ["sessions"],
  "plan.assigned": ["sessions"],
  "agent.stage": ["sessions"],
  "session.reported": ["sessions"],
  "device.admitted": ["sessions"],
  "device.held": ["sessions"],
  "device.sighted": ["sessions"],
  "device.confirmed": ["sessions"],
  "device.relapsed": ["sessions"],
  "key.released": ["sessions", "released"],
  "key.refused": ["sessions"],
  "key.released-by-hand": ["apiReleases"],
  "key.refused-by-hand": [],
  "key.rotated": [],
  "token.created": [],
  "token.revoked": [],
  "api.called": [],
  "api.refused": [],
  "ledger.checkpointed": [],
  "ledger.adopted": [],
  "coverage.checked": [],
};

/** Takes in one more ledger entry, in order. */
export function foldStation(state: StationState, entry: Entry): void {
  for (const part of EVERY_ENTRY) FOLDS[part](state, entry);
  for (const part of PARTS[entry.body.type]) FOLDS[part](state, entry);
  state.seq = entry.seq;
}
