import { beforeAll, describe, expect, test } from "vitest";
import { buildImage, type Drilled, deviations, drillEach } from "./run-drill.ts";

/** Scenario, the outcome or reason word of each device, and whether its disk was changed. */
const EXPECTED = [
  ["two", ["rescued", "rescued"], "quarantine"],
  ["plain", ["rescued"], "quarantine"],
  ["no-key", ["no-key"], "none"],
  ["wrong-key", ["wrong-key"], "none"],
  ["encrypting", ["volume-encrypting"], "none"],
  ["hibernated", ["volume-hibernated"], "none"],
  ["good-only", ["already-clean"], "none"],
  ["wrong-header", ["not-a-channel-file"], "none"],
  ["halted-while-waiting", ["halted"], "none"],
  ["station-killed", ["rescued"], "quarantine"],
  ["confirm", ["rescued"], "quarantine"],
] as const;

describe("each scenario of the drill", () => {
  let drilled: ReadonlyMap<string, Drilled | Error>;
  beforeAll(async () => {
    buildImage();
    drilled = await drillEach(EXPECTED.map(([name]) => ["--scenario", name]));
  }, 1_200_000);

  test.each(EXPECTED)("%s ends with %j, its disk changed: %s", (name, outcomes, change) => {
    const one = drilled.get(`--scenario ${name}`)!;
    if (one instanceof Error) throw one;
    expect(deviations(one)).toEqual([]);
    expect(one.exitCode).toBe(0);
    const { devices, checks } = one.report.scenarios[0]!;
    expect(devices.map(({ outcome }) => outcome)).toEqual([...outcomes]);
    const disk = change === "none" ? "disk-unchanged" : "disk-change";
    expect(checks.filter(({ id }) => id === disk)).toHaveLength(devices.length);
    expect(checks.find(({ id }) => id === "ledger")).toMatchObject({ passed: true });
  });
});
