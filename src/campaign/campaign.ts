import type { Admission } from "../fleet/admission.ts";
import { type DeviceMarks, type InventoryDevice, recognise, vouchesFor } from "../fleet/inventory.ts";
import type { Entry } from "../ledger/entry.ts";
import type { JsonObject } from "../wire/json.ts";
import type { MacAddress } from "../wire/mac.ts";

/** What happens to devices that are not in the inventory: an operator matches the pairing code; no question; silence. */
export type UnknownPolicy = "confirm" | "auto" | "hold";

/** What happens on a volume with a hibernated Windows session: stop and say so, or discard that session. */
type HibernatedPolicy = "stop" | "discard";

/** What an operator armed: which remedy, for which devices, under which policies. */
export interface Campaign {
  readonly campaign: string;
  readonly generation: number;
  readonly remedy: string;
  readonly remedySha256: string;
  /** The remedy as it was when the campaign was armed. A file that is edited later changes nothing. */
  readonly document: JsonObject;
  readonly unknown: UnknownPolicy;
  readonly hibernated: HibernatedPolicy;
  readonly devices: readonly InventoryDevice[];
  /** Different pairs of device and key protector that may be released within a minute; absent: as escrow has it. */
  readonly releaseRate?: number;
}

export type CampaignState =
  | { readonly is: "none" }
  | { readonly is: "armed"; readonly campaign: Campaign }
  | { readonly is: "halted"; readonly campaign: Campaign; readonly reason: string };

export const NO_CAMPAIGN: CampaignState = { is: "none" };

/** One question for every gate: network boot, hello, release, plan. Rings, budgets and the breaker will answer here. */
export function admit(state: CampaignState, marks: DeviceMarks): Admission {
  if (state.is === "none") return { admitted: false, reason: "no-campaign" };
  if (state.is === "halted") return { admitted: false, reason: "halted" };
  const { campaign } = state;
  const known = recognise(campaign.devices, marks);
  if (known === null && campaign.unknown === "hold") return { admitted: false, reason: "not-in-plan" };
  const vouched = known !== null && vouchesFor(known, marks);
  const confirm = !vouched && campaign.unknown !== "auto";
  return { admitted: true, campaign, name: known?.name ?? null, confirm };
}

/** The inventory's name for a device with these marks, in a campaign armed or halted; null if it has none. */
export function inventoryName(state: CampaignState, marks: DeviceMarks): string | null {
  return state.is === "none" ? null : (recognise(state.campaign.devices, marks)?.name ?? null);
}

/** True if the campaign's inventory, armed or halted, has this MAC address; a UUID is a claim. */
export function isListed(state: CampaignState, device: MacAddress): boolean {
  return state.is !== "none" && recognise(state.campaign.devices, { macs: [device] }) !== null;
}

/** What the oldest ledgers do not say of a campaign: it lets nobody in, and it has no remedy. */
const OLDEST = { remedy: "", remedySha256: "", document: {}, unknown: "hold", hibernated: "stop" } as const;

/** Campaign state after one more ledger entry. Entries of other kinds leave it as it is. */
export function foldCampaign(state: CampaignState, entry: Entry): CampaignState {
  const { body } = entry;
  if (body.type === "campaign.armed") {
    const { type: _type, ...armed } = body;
    return { is: "armed", campaign: { ...OLDEST, ...armed, generation: entry.generation } };
  }
  if (body.type === "campaign.halted" && state.is === "armed")
    return { is: "halted", campaign: state.campaign, reason: body.reason };
  return state;
}
