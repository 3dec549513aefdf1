import { type HandAnswer, type HandAsk, releaseByHand } from "../escrow/hand-release.ts";
import { HAND_CAPS, type HandCaps } from "../escrow/released-by-hand.ts";
import type { DepositQuery, Vault } from "../escrow/vault.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Desk } from "./desk.ts";

/**
 * One release by hand on the newest state of the ledger, asked again from the start whenever it moved on between the
 * decision and its entry. `wanted` is what the actor named; `now` is the station's clock.
 */
export async function releaseByHandAt(options: {
  readonly desk: Desk;
  readonly ledger: Ledger;
  readonly vault: Vault;
  readonly wanted: DepositQuery;
  readonly ask: HandAsk;
  readonly now: () => number;
  readonly caps?: HandCaps;
}): Promise<Exclude<HandAnswer, "stale-view">> {
  const { desk, ledger, vault, wanted, ask, now, caps = HAND_CAPS } = options;
  for (;;) {
    const answer = await desk.alone(async () => {
      await desk.catchUp();
      const { campaign, releasedByHand, seq } = desk.state;
      const question = {
        ...ask,
        deposits: vault.find(wanted),
        halted: campaign.is === "halted" ? { campaign: campaign.campaign.campaign } : null,
        released: releasedByHand,
        caps,
        sealed: vault.sealed,
        now: now(),
      };
      return releaseByHand({ ledger, vault, question, headSeq: seq });
    });
    if (answer !== "stale-view") return answer;
  }
}
