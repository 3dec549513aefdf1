import { decodeEntry } from "../ledger/entry.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type CampaignState, foldCampaign, NO_CAMPAIGN } from "./campaign.ts";
import { halt } from "./command.ts";

/** What of a ledger a halt needs. */
export type HaltLedger = Pick<Ledger, "append" | "commandsBeginning">;

/** The campaign's state from its own entries alone: those that arm and halt, whose command IDs say so. */
async function readCampaign(ledger: HaltLedger): Promise<CampaignState> {
  const [armed, halted] = [await ledger.commandsBeginning("arm:"), await ledger.commandsBeginning("halt:")];
  const entries = [...armed, ...halted].sort((a, b) => a.seq - b.seq);
  return entries.map(decodeEntry).reduce(foldCampaign, NO_CAMPAIGN);
}

/**
 * Halts the campaign that is armed, at a cost that does not grow with the ledger; or gives the state in which there is
 * nothing to halt. Nothing else has to stand still for it: a campaign's halt is one command, which the ledger takes once.
 */
export async function haltNow(
  ledger: HaltLedger,
  reason: string,
  actor: string,
): Promise<{ readonly halted: string } | { readonly nothing: CampaignState }> {
  const state = await readCampaign(ledger);
  const entry = halt(state, reason, actor);
  if (typeof entry === "string" || state.is === "none") return { nothing: state };
  try {
    await ledger.append(entry);
  } catch (error) {
    // Somebody else halted it since it was read: that is what was asked for.
    const now = await readCampaign(ledger);
    if (now.is !== "halted") throw error;
    return { nothing: now };
  }
  return { halted: state.campaign.campaign };
}
