import type { CampaignState } from "../campaign/campaign.ts";
import { pasteable } from "./next-step.ts";
import { count, printable } from "./table.ts";

/** The campaign in one sentence. */
export function campaignLine(state: CampaignState): string {
  if (state.is === "none")
    return "No campaign was ever armed here, and no device gets an answer. Arm one with: breakglass campaign arm --remedy channel-file-291 --inventory devices.csv";
  const { campaign } = state.campaign;
  return state.is === "armed"
    ? `Campaign ${campaign} is armed.`
    : `Campaign ${campaign} is HALTED: ${printable(state.reason)}`;
}

/** The campaign's sentence, and what it does to which devices; each on its own line. */
export function campaignLines(state: CampaignState): string {
  if (state.is === "none") return `${pasteable(campaignLine(state))}\n`;
  const { remedy, unknown, devices } = state.campaign;
  const what = `Remedy ${remedy}; ${count(devices.length, "device")} in the inventory; others: ${unknown}.`;
  return `${campaignLine(state)}\n${what}\n`;
}
