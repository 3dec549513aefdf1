import type { NewEntry } from "../ledger/entry.ts";
import type { BodyOf } from "../ledger/events/event.ts";
import type { Campaign, CampaignState } from "./campaign.ts";

/** What an operator decides when arming. `campaign` is a fresh, readable name such as `2026-11-21-a1b2`. */
export type Arming = Omit<Campaign, "generation">;

/** The entry that arms a campaign, or why not: one campaign at a time. */
export function arm(
  state: CampaignState,
  arming: Arming,
  actor: string,
): NewEntry<BodyOf<"campaign.armed">> | "already-armed" {
  if (state.is === "armed") return "already-armed";
  const generation = state.is === "none" ? 1 : state.campaign.generation + 1;
  const devices = arming.devices.map(({ name, macs, serial, uuid }) => ({ name, macs, serial, uuid }));
  const body = { type: "campaign.armed", ...arming, devices } as const;
  return { body, actor, commandId: `arm:${arming.campaign}`, generation };
}

/** The entry that halts the campaign, or why there is nothing to halt. */
export function halt(
  state: CampaignState,
  reason: string,
  actor: string,
): NewEntry<BodyOf<"campaign.halted">> | "no-campaign" | "halted" {
  if (state.is === "none") return "no-campaign";
  if (state.is === "halted") return "halted";
  const { campaign, generation } = state.campaign;
  const body = { type: "campaign.halted", campaign, reason } as const;
  return { body, actor, commandId: `halt:${campaign}`, generation };
}
