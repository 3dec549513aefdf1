import { describe, expect, it } from "vitest";
import { admit, type CampaignState, foldCampaign, NO_CAMPAIGN } from "../../src/campaign/campaign.ts";
import { type Arming, arm, halt } from "../../src/campaign/command.ts";
import { parseInventory } from "../../src/fleet/read-inventory.ts";
import type { NewEntry } from "../../src/ledger/entry.ts";
import { parseMac } from "../../src/wire/mac.ts";
import { entryOf } from "../ledger/event.ts";

const known = parseMac("52:54:00:00:00:01");
const stranger = parseMac("52:54:00:00:00:99");

function arming(unknown: Arming["unknown"]): Arming {
  return {
    campaign: "c1",
    remedy: "r",
    remedySha256: "0".repeat(64),
    document: {},
    unknown,
    hibernated: "stop",
    devices: parseInventory(`name,mac\nPC-1,${known}\n`),
  };
}

function folded(state: CampaignState, entry: NewEntry | string): CampaignState {
  if (typeof entry === "string") throw new Error(entry);
  return foldCampaign(state, entryOf(entry.body, entry));
}

const armed = (unknown: Arming["unknown"]) => folded(NO_CAMPAIGN, arm(NO_CAMPAIGN, arming(unknown), "operator:x"));

describe("admission", () => {
  it("is refused to everyone while no campaign is armed", () => {
    expect(admit(NO_CAMPAIGN, { macs: [known] })).toEqual({ admitted: false, reason: "no-campaign" });
  });

  it("is granted to a device of the inventory without a question", () => {
    expect(admit(armed("confirm"), { macs: [known] })).toMatchObject({ admitted: true, name: "PC-1", confirm: false });
  });

  it("of an unknown device follows the policy: confirm, auto, hold", () => {
    expect(admit(armed("confirm"), { macs: [stranger] })).toMatchObject({ admitted: true, confirm: true });
    expect(admit(armed("auto"), { macs: [stranger] })).toMatchObject({ admitted: true, confirm: false });
    expect(admit(armed("hold"), { macs: [stranger] })).toEqual({ admitted: false, reason: "not-in-plan" });
  });

  it("ends with a halt, for the inventory's devices too", () => {
    const halted = folded(armed("auto"), halt(armed("auto"), "smoke", "operator:x"));
    expect(admit(halted, { macs: [known] })).toEqual({ admitted: false, reason: "halted" });
  });
});

describe("the campaign's commands", () => {
  it("arm one campaign at a time", () => {
    expect(arm(armed("auto"), arming("auto"), "operator:x")).toBe("already-armed");
  });

  it("halt once", () => {
    expect(halt(NO_CAMPAIGN, "x", "operator:x")).toBe("no-campaign");
    const halted = folded(armed("auto"), halt(armed("auto"), "x", "operator:x"));
    expect(halt(halted, "x", "operator:x")).toBe("halted");
  });

  it("arm again after a halt, as a later generation", () => {
    const halted = folded(armed("auto"), halt(armed("auto"), "x", "operator:x"));
    expect(arm(halted, arming("auto"), "operator:x")).toMatchObject({ generation: 2 });
  });
});
