import { describe, expect, it } from "vitest";
import { parseInventory, recognise } from "../../src/fleet/inventory.ts";
import { parseMac } from "../../src/wire/mac.ts";
import { MalformedError } from "../../src/wire/malformed.ts";

const mac = (last: string) => parseMac(`52:54:00:00:00:${last}`);

describe("an inventory", () => {
  it("reads columns in any order, several MACs in a cell, and dashes", () => {
    const [device] = parseInventory("serial,mac,name\nSN1,52-54-00-00-00-01; 525400000002,PC-1\n");
    expect(device).toEqual({ name: "PC-1", macs: [mac("01"), mac("02")], serial: "SN1", uuid: null });
  });

  it.each([
    ["a broken MAC", "name,mac\nPC-1,52:54:00:00:00\n", /line 2: not a MAC/],
    ["no name", "name,mac\n,52:54:00:00:00:01\n", /line 2: no name/],
    ["no mark at all", "name,mac,serial\nPC-1,,\n", /neither mac nor serial nor uuid/],
    ["two devices with one MAC", "name,mac\nPC-1,525400000001\nPC-2,525400000001\n", /PC-1|PC-2/],
    ["a row with too many cells", "name,mac\nPC-1,525400000001,x\n", /not an inventory CSV/],
  ])("with %s is refused whole, naming where", (_what, text, message) => {
    expect(() => parseInventory(text)).toThrow(MalformedError);
    expect(() => parseInventory(text)).toThrow(message);
  });

  it("recognises a device by any one mark", () => {
    const inventory = parseInventory("name,mac,serial\nPC-1,525400000001,SN1\nPC-2,525400000002,SN2\n");
    expect(recognise(inventory, { macs: [mac("02")] })?.name).toBe("PC-2");
    expect(recognise(inventory, { macs: [], serial: "SN1" })?.name).toBe("PC-1");
    expect(recognise(inventory, { macs: [mac("09")], serial: "SN9" })).toBeNull();
  });

  it("recognises nobody by marks of two different devices", () => {
    const inventory = parseInventory("name,mac,serial\nPC-1,525400000001,SN1\nPC-2,525400000002,SN2\n");
    expect(recognise(inventory, { macs: [mac("01")], serial: "SN2" })).toBeNull();
  });
});
