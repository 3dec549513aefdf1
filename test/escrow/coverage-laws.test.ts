import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CoverageReport, coverage } from "../../src/escrow/coverage/coverage.ts";
import type { Deposit } from "../../src/escrow/deposit.ts";
import type { ListedDevice } from "../../src/fleet/device-list.ts";
import { bareName } from "../../src/fleet/device-name.ts";
import { parseGuid } from "../../src/wire/guid.ts";

const NOW = 1_760_000_000_000;
const DAY = 86_400_000;

// Few of each, so that names, IDs and first characters meet.
const NAMES = [
  "PC-1",
  "pc-1",
  "PC-1.a.example",
  "PC-1.b.example",
  "PC-2",
  "PC-3",
  "ACCOUNTING-0000",
  "ACCOUNTING-0000-7",
];
const ENTRA = ["aaaaaaaa", "bbbbbbbb", "cccccccc"].map((start) => `${start}-32a8-4b00-b6b5-ba724e407de9`);
const PROTECTORS = ["24B0AA32", "24B0AA32", "5290B6C0", "6290B6C0", "7290B6C0"].map((start, index) =>
  parseGuid(`${start}-F8D0-40BA-BB05-73A80032400${index}`),
);

const orNull = <T>(values: readonly T[]) => fc.oneof(fc.constant(null), fc.constantFrom(...values));

const device = fc.record({
  ...{ name: orNull(NAMES), deviceId: orNull(ENTRA), serial: orNull(["S1", "S2"]) },
  ...{ macs: fc.constant([]), uuid: fc.constant(null), site: orNull(["Bern", "Basel"]), ring: fc.constant(null) },
  ...{ model: fc.constant(null), build: fc.constant(null), bmc: fc.constant(null), bmcKind: fc.constant(null) },
  faults: fc.constant([]),
});
const inventory = fc
  .array(device, { minLength: 1, maxLength: 8 })
  .map((devices) => devices.map((each, index): ListedDevice => ({ ...each, line: index + 2 })));

const deposit = fc.record({
  ...{ protectorId: fc.constantFrom(...PROTECTORS), deviceName: orNull(NAMES), deviceId: orNull(ENTRA) },
  ...{ directory: fc.constant(null), source: fc.constant("a.csv"), volumeType: orNull(["os", "fixed"] as const) },
  createdAt: fc.oneof(
    fc.constant(null),
    fc.integer({ min: 0, max: 1_000 }).map((days) => NOW - days * DAY),
  ),
  depositedAt: fc.integer({ min: 0, max: 1_000 }).map((days) => NOW - days * DAY),
});
const vault = fc
  .array(deposit, { maxLength: 12 })
  .map((deposits) => deposits.map((each, index): Deposit => ({ ...each, depositId: `deposit-${index}` })));

const check = (devices: readonly ListedDevice[], deposits: readonly Deposit[]): CoverageReport =>
  coverage({ inventory: devices, deposits, released: new Map([["deposit-0", NOW - DAY]]), now: NOW, maxAgeDays: 365 });

describe("whatever the inventory and the vault are", () => {
  test("every device ends in exactly one of covered, doubtful and missing, and every line in one device", () => {
    fc.assert(
      fc.property(inventory, vault, (devices, deposits) => {
        const report = check(devices, deposits);
        expect(report.covered + report.doubtful + report.missing).toBe(report.devices);
        expect(report.list.length).toBe(report.devices);
        const lines = report.list.flatMap((each) => each.lines);
        expect(lines.sort((a, b) => a - b)).toEqual(devices.map(({ line }) => line));
        const counted = report.sites.reduce((sum, each) => sum + each.devices, 0);
        expect([0, report.devices]).toContain(counted);
        const aged = report.ages.reduce((sum, each) => sum + each.devices, 0);
        expect(aged).toBe(report.devices - report.missing);
        for (const { state, findings } of report.list) expect(state === "covered" || findings.length > 0).toBe(true);
      }),
    );
  });

  test("the order of rows and deposits does not matter", () => {
    const both = fc.tuple(inventory, vault).chain(([devices, deposits]) =>
      fc.record({
        ...{ devices: fc.constant(devices), deposits: fc.constant(deposits) },
        ...{ otherDevices: shuffled(devices), otherDeposits: shuffled(deposits) },
      }),
    );
    fc.assert(
      fc.property(both, ({ devices, deposits, otherDevices, otherDeposits }) => {
        expect(check(otherDevices, otherDeposits)).toEqual(check(devices, deposits));
      }),
    );
  });

  test("one more deposit never costs a device that it does not name and shares no protector with", () => {
    fc.assert(
      fc.property(inventory, vault, deposit, (devices, deposits, more) => {
        const before = check(devices, deposits);
        const added = { ...more, depositId: "deposit-more", protectorId: OTHER_PROTECTOR };
        const after = new Map(check(devices, [...deposits, added]).list.map((each) => [each.lines[0], each.state]));
        for (const { name, lines, state } of before.list) {
          const row = devices.find(({ line }) => line === lines[0])!;
          const named = name !== null && more.deviceName !== null && bareName(name) === bareName(more.deviceName);
          if (named || (row.deviceId !== null && row.deviceId === more.deviceId)) continue;
          expect(after.get(lines[0])).toBe(state);
        }
      }),
    );
  });

  test("a deposit of a device's own, for its OS volume and of today, leaves no device without one", () => {
    fc.assert(
      fc.property(inventory, vault, (devices, deposits) => {
        for (const { name, deviceId, line } of devices) {
          if (name === null && deviceId === null) continue;
          const own = { deviceName: name, deviceId, volumeType: "os" as const, createdAt: NOW, depositedAt: NOW };
          const more = { depositId: "deposit-more", protectorId: OTHER_PROTECTOR, directory: null, source: "b.csv" };
          const { list } = check(devices, [...deposits, { ...more, ...own }]);
          expect(list.find(({ lines }) => lines.includes(line))!.state).not.toBe("missing");
        }
      }),
    );
  });
});

/** Its first 8 characters are those of others: that is noted, and costs nobody. */
const OTHER_PROTECTOR = parseGuid("24B0AA32-F8D0-40BA-BB05-73A80032400F");

function shuffled<T>(values: readonly T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...values], { minLength: values.length, maxLength: values.length });
}
