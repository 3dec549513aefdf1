import { describe, expect, it } from "vitest";
import { readDeviceList } from "../../src/fleet/device-list.ts";
import { recognise } from "../../src/fleet/inventory.ts";
import { BadRowsError, parseInventory } from "../../src/fleet/read-inventory.ts";
import { parseMac } from "../../src/wire/mac.ts";
import { MalformedError } from "../../src/wire/malformed.ts";

/** Eight groups that are no recovery password of anybody: no quotient fits. */
const PASSWORD = Array(8).fill("999999").join("-");

function wrong(text: string): BadRowsError {
  try {
    parseInventory(text);
  } catch (error) {
    if (error instanceof BadRowsError) return error;
    throw error;
  }
  throw new Error("it was read");
}

const mac = (last: string) => parseMac(`52:54:00:00:00:${last}`);

describe("an inventory", () => {
  it("reads columns in any order, several MACs in a cell, and dashes", () => {
    const [device] = parseInventory("serial,mac,name\nSN1,52-54-00-00-00-01; 525400000002,PC-1\n");
    expect(device).toEqual({ name: "PC-1", macs: [mac("01"), mac("02")], serial: "SN1", uuid: null });
  });

  it.each([";", "\t"])("reads columns divided by %j, as Excel saves them", (delimiter) => {
    const text = "\ufeffname,mac,serial\nPC-1,525400000001,SN1\n".replaceAll(",", delimiter);
    expect(parseInventory(text)).toEqual([{ name: "PC-1", macs: [mac("01")], serial: "SN1", uuid: null }]);
  });

  it.each([
    ["a broken MAC", "name,mac\nPC-1,52:54:00:00:00\n", /line 2: not a MAC/],
    ["no name", "name,mac\n,52:54:00:00:00:01\n", /line 2: no name/],
    ["no mark at all", "name,mac,serial\nPC-1,,\n", /neither mac nor serial nor uuid/],
    ["two devices with one MAC", "name,mac\nPC-1,525400000001\nPC-2,525400000001\n", /PC-1|PC-2/],
    ["a header of other names", "foo,bar\nx,y\n", /line 1 is no header/],
    ["nothing in it", "", /lists no device/],
    ["a header alone", "name,mac,serial,uuid\n", /lists no device/],
    ["a shared serial, by its line", "name,serial\nPC-1,S\nPC-2,S\n", /line 3: PC-2 and PC-1 share S/],
    ["a MAC of no device", "name,mac\nPC-1,00:00:00:00:00:00\n", /line 2: PC-1 has the MAC address/],
    ["a serial nobody filled in", "name,mac,serial\nPC-1,525400000001,To be filled by O.E.M.\n", /many devices/],
    ["a uuid nobody filled in", "name,uuid\nPC-1,03000200-0400-0500-0006-000700080009\n", /many devices/],
    ["a row with too many cells", "name,mac\nPC-1,525400000001,x\n", /not an inventory CSV/],
    ["a row with too few cells", "name,mac,serial\nPC-1,525400000001\n", /not an inventory CSV/],
    ["two columns of one name", "name,mac,mac\nPC-1,525400000001,525400000002\n", /line 1 has two columns mac/],
    ["another tool's headings", "hostname,mac\nPC-1,525400000001\n", /line 1 is no header/],
    ["a quotation mark within a cell", 'name,mac\nPC"1,525400000001\n', /line 2: its quotation marks/],
    ["a workbook", "PK\u0003\u0004rest", /workbook, not text/],
  ])("with %s is refused whole, naming where", (_what, text, message) => {
    expect(() => parseInventory(text)).toThrow(MalformedError);
    expect(() => parseInventory(text)).toThrow(message);
  });

  it("tells all rows that are wrong at once, with their lines", () => {
    const text = "name,mac,uuid\nPC-1,525400000001,\n,52:54,\nPC-3,,\nPC-4,525400000001,none of it\n";
    expect(wrong(text).rows).toEqual([
      { line: 3, faults: ["no name", 'not a MAC address: "52:54"'] },
      { line: 4, faults: ["PC-3 has neither mac nor serial nor uuid"] },
      {
        line: 5,
        faults: ['not a UUID: "none of it"', "PC-4 and PC-1 share 52:54:00:00:00:01"],
      },
    ]);
    expect(wrong(text).what).toMatch(/^3 rows are wrong: line 3: no name, not a MAC address: "52:54"; line 4: /);
  });

  it("counts the wrong rows that it does not tell", () => {
    const { rows, what } = wrong(`name,mac\n${"PC,x\n".repeat(500)}`);
    expect(rows).toHaveLength(500);
    expect(what).toMatch(/^500 rows are wrong: .*; and 480 more rows$/);
    expect(what.length).toBeLessThan(2_000);
  });

  it("repeats no recovery password that stands in a cell", () => {
    const { what } = wrong(`name,mac,serial\nPC-1,${PASSWORD},${PASSWORD}\n`);
    expect(what).toMatch(/looks like a recovery password/);
    expect(what).not.toMatch(/\d{6}/);
  });

  it("may have columns of other things", () => {
    const text = "name,mac,ring,site,model,build,bmc,colour\nPC-1,525400000001,1,Bern,M,22631,10.9.0.4,blue\n";
    expect(parseInventory(text)).toEqual([{ name: "PC-1", macs: [mac("01")], serial: null, uuid: null }]);
    const [device] = readDeviceList(Buffer.from(text), "strict");
    expect(device).toMatchObject({ ring: "1", site: "Bern", model: "M", build: "22631", bmc: "10.9.0.4" });
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
