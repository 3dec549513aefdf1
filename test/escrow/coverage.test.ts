import { describe, expect, test } from "vitest";
import { type CoverageReport, coverage } from "../../src/escrow/coverage/coverage.ts";
import { FINDINGS } from "../../src/escrow/coverage/finding.ts";
import { parsePercent, percentText, required } from "../../src/escrow/coverage/required.ts";
import { coverageWarnings } from "../../src/escrow/coverage/warning.ts";
import type { Deposit } from "../../src/escrow/deposit.ts";
import { readDeviceList } from "../../src/fleet/device-list.ts";
import { ID_A, ID_B, ID_C } from "./fixture.ts";

const NOW = Date.UTC(2026, 10, 24);
const DAY = 86_400_000;
const ENTRA = "1ab40ab2-32a8-4b00-b6b5-ba724e407de9";
const OTHER_ENTRA = "2bb40ab2-32a8-4b00-b6b5-ba724e407de9";

let number = 0;
function deposit(fields: Partial<Deposit> = {}): Deposit {
  number += 1;
  return {
    ...{ depositId: `deposit-${number}`, protectorId: ID_A, deviceName: "PC-1", directory: "Entra", source: "a.csv" },
    ...{ deviceId: null, volumeType: null, createdAt: NOW - 10 * DAY, depositedAt: NOW - DAY },
    ...fields,
  };
}

function check(
  csv: string,
  deposits: readonly Deposit[],
  options: { maxAgeDays?: number; released?: ReadonlyMap<string, number> } = {},
): CoverageReport {
  const { maxAgeDays = null, released = new Map() } = options;
  return coverage({ inventory: readDeviceList(Buffer.from(csv), "lenient"), deposits, released, now: NOW, maxAgeDays });
}

const words = ({ list }: CoverageReport) => list.map(({ state, findings }) => [state, ...findings.map(({ is }) => is)]);

describe("a device is covered", () => {
  test("by a password for its OS volume", () => {
    const report = check("name\nPC-1", [deposit({ volumeType: "os" })]);
    expect(words(report)).toEqual([["covered"]]);
    expect(report).toMatchObject({ devices: 1, covered: 1, volumeUnknown: 0, agedByImport: 0 });
    expect(report.list[0]).toMatchObject({ newestDays: 10, dated: "directory", protectors: 1 });
  });

  test("by a password that no export names a volume for, and the report counts that", () => {
    expect(check("name\nPC-1", [deposit()])).toMatchObject({ covered: 1, volumeUnknown: 1 });
  });

  test.each([
    ["PC-1.corp.example", "pc-1"],
    ["pc-1", "PC-1.corp.example"],
    ["PC-1.CORP.example", "PC-1.corp.EXAMPLE"],
  ])("whether the inventory says %s and the vault %s", (listed, deviceName) => {
    expect(words(check(`name\n${listed}`, [deposit({ deviceName })]))).toEqual([["covered"]]);
  });

  test("by Entra's device ID, though it was renamed: that is noted, as a rescue will ask", () => {
    const report = check(`name,deviceId\nPC-1,${ENTRA.toUpperCase()}`, [
      deposit({ deviceId: ENTRA, deviceName: "OLD" }),
    ]);
    expect(words(report)).toEqual([["covered", "renamed"]]);
    expect(report.list[0]!.findings[0]!.detail).toBe("in the vault: OLD");
  });

  test("by Entra's device ID alone, without any name on either side", () => {
    const report = check(`deviceId\n${ENTRA}`, [deposit({ deviceId: ENTRA, deviceName: null })]);
    expect(words(report)).toEqual([["covered"]]);
  });

  test("with the import's date for its age where no export says better", () => {
    const report = check("name\nPC-1", [deposit({ createdAt: null, depositedAt: NOW - 3 * DAY })]);
    expect(report.list[0]).toMatchObject({ newestDays: 3, dated: "import" });
    expect(report.agedByImport).toBe(1);
  });

  test("with several protectors, several device IDs, or an ID that looks like another's: noted", () => {
    const twin = ID_A.replace(/.$/, "0") as typeof ID_A;
    const deposits = [deposit({ deviceId: ENTRA }), deposit({ protectorId: ID_B, deviceId: OTHER_ENTRA })];
    const report = check("name\nPC-1", [...deposits, deposit({ protectorId: twin, deviceName: "PC-9" })]);
    expect(words(report)).toEqual([["covered", "several-device-ids", "several-protectors", "first8-shared"]]);
    expect(report.list[0]!.findings[2]!.detail).toBe("24B0AA32 is PC-9's, too");
  });

  test("once, where the inventory has its row twice", () => {
    const report = check("name,serial\nPC-1,S\nPC-1,S\n", [deposit()]);
    expect(words(report)).toEqual([["covered", "listed-twice"]]);
    expect(report.list[0]!.lines).toEqual([2, 3]);
  });
});

describe("a device is doubtful", () => {
  test("if two devices of the inventory have its name", () => {
    const report = check("name,serial\nPC-1,S1\nPC-1,S2", [deposit()]);
    expect(words(report)).toEqual([
      ["doubtful", "named-twice"],
      ["doubtful", "named-twice"],
    ]);
  });

  test("unless domain or device ID tell them apart", () => {
    const domains = check("name\nPC-1.a.example\nPC-1.b.example", [
      deposit({ deviceName: "PC-1.a.example" }),
      deposit({ deviceName: "PC-1.b.example", protectorId: ID_B }),
    ]);
    expect(words(domains)).toEqual([["covered"], ["covered"]]);
    const ids = check(`name,deviceId\nPC-1,${ENTRA}\nPC-1,${OTHER_ENTRA}`, [
      deposit({ deviceId: ENTRA }),
      deposit({ deviceId: OTHER_ENTRA, protectorId: ID_B }),
    ]);
    expect(words(ids)).toEqual([["covered"], ["covered"]]);
  });

  test("if the domain differs, or the vault has its name in two domains", () => {
    const other = check("name\nPC-1.a.example", [deposit({ deviceName: "PC-1.b.example" })]);
    expect(words(other)).toEqual([["doubtful", "domain-differs"]]);
    const two = check("name\nPC-1", [
      deposit({ deviceName: "PC-1.a.example" }),
      deposit({ deviceName: "PC-1.b.example" }),
    ]);
    expect(words(two)[0]!.slice(0, 2)).toEqual(["doubtful", "domain-differs"]);
  });

  test("if its name fits and its device ID does not", () => {
    const report = check(`name,deviceId\nPC-1,${ENTRA}`, [deposit({ deviceId: OTHER_ENTRA })]);
    expect(words(report)).toEqual([["doubtful", "other-device-id"]]);
    expect(report.foreignDeviceIds).toBe(true);
  });

  test("if the vault has two passwords for one of its protectors, whoever the second is said to be of", () => {
    const report = check("name\nPC-1", [deposit(), deposit({ deviceName: "PC-2" })]);
    expect(words(report)).toEqual([["doubtful", "conflict"]]);
    expect(report.list[0]!.findings[0]!.detail).toBe(`2 for ${ID_A}`);
  });

  test("if one of its passwords is on the rotation list", () => {
    const mine = deposit();
    const report = check("name\nPC-1", [mine], { released: new Map([[mine.depositId, NOW - 2 * DAY]]) });
    expect(words(report)).toEqual([["doubtful", "released"]]);
    expect(report.list[0]!.findings[0]!.detail).toBe("released on 2026-11-22");
  });

  test("if the newest password is older than asked for, and not at that very age", () => {
    const old = [deposit({ createdAt: NOW - 100 * DAY }), deposit({ createdAt: NOW - 400 * DAY, protectorId: ID_B })];
    expect(words(check("name\nPC-1", old, { maxAgeDays: 99 }))[0]!.slice(0, 2)).toEqual(["doubtful", "stale"]);
    expect(words(check("name\nPC-1", old, { maxAgeDays: 100 }))[0]![0]).toBe("covered");
  });

  test("if the newest password is dated ahead of time", () => {
    expect(words(check("name\nPC-1", [deposit({ createdAt: NOW + 3 * DAY })]))).toEqual([["doubtful", "dated-ahead"]]);
  });
});

describe("a device is missing", () => {
  test("if nothing has its name: no other name is taken for it", () => {
    const report = check("name\nPC-1", [deposit({ deviceName: "PC-10" }), deposit({ deviceName: "XPC-1" })]);
    expect(words(report)).toEqual([["missing", "no-deposit"]]);
    expect(report.vault).toMatchObject({ deposits: 2, unlisted: 2 });
  });

  test("if only its data volumes are escrowed", () => {
    const report = check("name\nPC-1", [
      deposit({ volumeType: "fixed" }),
      deposit({ volumeType: "removable", protectorId: ID_B }),
    ]);
    expect(words(report)).toEqual([["missing", "only-other-volumes"]]);
    expect(report.list[0]!.findings[0]!.detail).toBe("only fixed, removable");
  });

  test("if its row has nothing to look up", () => {
    expect(words(check("name,serial\n,S1", [deposit()]))).toEqual([["missing", "no-name"]]);
  });

  test("though deposits without any name could be its: those are counted", () => {
    const report = check("name\nPC-1", [
      deposit({ deviceName: null }),
      deposit({ deviceName: null, deviceId: ENTRA, protectorId: ID_C }),
    ]);
    expect(report).toMatchObject({ missing: 1, vault: { unnamed: 2, unnamedWithDeviceId: 1 } });
  });

  test("with a hint where NetBIOS may have cut its name off", () => {
    const report = check("name\nBERN-ACCOUNTING-0012", [deposit({ deviceName: "BERN-ACCOUNTING" })]);
    expect(words(report)).toEqual([["missing", "no-deposit"]]);
    expect(report.list[0]!.findings[0]!.detail).toBe("is it BERN-ACCOUNTING, cut off at 15?");
  });
});

describe("the report", () => {
  test("lists the worst first, and counts by site and by age", () => {
    const csv = "name;site\nPC-1;Bern\nPC-2;Bern\nPC-3;Basel\nPC-4;\n";
    const report = check(csv, [
      deposit(),
      deposit({ deviceName: "PC-3", protectorId: ID_B, createdAt: NOW - 800 * DAY }),
    ]);
    expect(report.list.map(({ name }) => name)).toEqual(["PC-2", "PC-4", "PC-1", "PC-3"]);
    expect(report.sites).toEqual([
      { site: null, devices: 1, covered: 0, doubtful: 0, missing: 1 },
      { site: "Bern", devices: 2, covered: 1, doubtful: 0, missing: 1 },
      { site: "Basel", devices: 1, covered: 1, doubtful: 0, missing: 0 },
    ]);
    expect(report.ages.filter(({ devices }) => devices > 0)).toEqual([
      { fromDays: 0, toDays: 30, devices: 1 },
      { fromDays: 730, toDays: 1095, devices: 1 },
    ]);
  });

  test("has an order for every finding, the missing ones first", () => {
    expect(FINDINGS.map(({ state }) => state).join(" ")).toMatch(/^(missing )+(doubtful )+(covered ?)+$/);
  });
});

describe("a caution", () => {
  const cautions = (report: CoverageReport) => coverageWarnings(report).map((each) => each.split(".")[0]);

  test("is given where the vault is empty, or where it and the list have nothing in common", () => {
    expect(cautions(check("name\nPC-1", []))).toEqual(["The vault is empty"]);
    expect(cautions(check("name\nPC-9", [deposit()]))).toEqual(["No device of the inventory is in the vault"]);
  });

  test("is given where the list may lack devices: what it lacks was not checked", () => {
    const others = ["PC-2", "PC-3"].map((deviceName) => deposit({ deviceName }));
    expect(cautions(check("name\nPC-1", [deposit(), ...others]))[0]).toMatch(/^More than half of the vault's deposits/);
    expect(cautions(check("name\nPC-1\nPC-2", [deposit(), ...others]))).toEqual([]);
  });

  test("is given where all device IDs are foreign: Intune has some of its own", () => {
    const report = check(`name,deviceId\nPC-1,${ENTRA}`, [deposit({ deviceId: OTHER_ENTRA })]);
    expect(cautions(report)).toEqual(["No device ID of the inventory is in the vault"]);
  });
});

describe("a required percentage", () => {
  test.each([
    ["99.5", 99_500],
    ["99,5", 99_500],
    ["99.5 %", 99_500],
    ["100", 100_000],
    ["0", 0],
    ["99.999", 99_999],
  ])("reads %s", (text, thousandths) => expect(parsePercent(text)).toBe(thousandths));

  test.each(["100.1", "-1", "995", "", "all", "1e2", "99.5.1", "0.99999"])("refuses %j", (text) => {
    expect(parsePercent(text)).toBeNull();
  });

  test("is of whole devices, rounded up, and says how many are too few", () => {
    expect(required(99_500, { devices: 150, covered: 149 })).toEqual({ thousandths: 99_500, devices: 150, short: 1 });
    expect(required(99_500, { devices: 1000, covered: 995 })).toMatchObject({ devices: 995, short: 0 });
    expect(required(99_900, { devices: 1000, covered: 999 })).toMatchObject({ devices: 999, short: 0 });
  });

  test("is never shown as more than it is", () => {
    expect(percentText(99_999, 100_000)).toBe("99.99");
    expect(percentText(100_000, 100_000)).toBe("100");
    expect(percentText(0, 3)).toBe("0.00");
  });
});
