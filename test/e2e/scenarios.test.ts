import { execFileSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { FIRMWARES } from "../../src/drill/lab/firmware.ts";
import { NETWORKS } from "../../src/drill/lab/lan.ts";
import { SCENARIOS } from "../../src/drill/scenario-list.ts";
import { buildImage, type Drilled, deviations, drillEach, root } from "./run-drill.ts";

/**
 * Scenario, firmware and network where they are not the usual ones, the outcome or reason word of each device, and
 * whether its disk is changed. Every scenario, firmware and network is somewhere: what a scenario shows hangs on none
 * of them, and each costs minutes where processors are emulated. `test/slow` has every pair.
 */
const RUNS = [
  ["locked", "--firmware bios-x86 --network isolated", ["rescued"], "quarantine"],
  ["locked", "--firmware uefi-arm64", ["rescued"], "quarantine"],
  // A device on each LAN.
  ["two", "--network two-lans", ["rescued", "rescued"], "quarantine"],
  ["confirm", "--firmware uefi-x64-http", ["rescued"], "quarantine"],
  ["station-killed", "--firmware uefi-x64-own-ipxe", ["rescued"], "quarantine"],
  ["wrong-key", "--firmware uefi-x64-ipxe --network relay", ["wrong-key"], "none"],
  ["no-key", "", ["no-key"], "none"],
  ["encrypting", "", ["volume-encrypting"], "none"],
  ["hibernated", "", ["volume-hibernated"], "none"],
  // A block of the loader is longer than what the path takes.
  ["good-only", "--network small-mtu", ["already-clean"], "none"],
  ["wrong-header", "", ["not-a-channel-file"], "none"],
  ["halted-while-waiting", "", ["halted"], "none"],
  ["two-windows", "", ["rescued"], "quarantine"],
  ["damaged-metadata", "", ["rescued"], "quarantine"],
] as const;

/** Shown by tests of their own. */
const ELSEWHERE = ["happy", "plain", "attacker"];

const argsOf = (scenario: string, more: string) => ["--scenario", scenario, ...more.split(" ").filter(Boolean)];

describe("each scenario of the drill, every firmware and network among them", () => {
  let drilled: ReadonlyMap<string, Drilled | Error>;
  beforeAll(async () => {
    buildImage();
    buildImage("arm64");
    drilled = await drillEach(RUNS.map(([scenario, more]) => argsOf(scenario, more)));
  }, 1_800_000);

  const finished = (scenario: string, more: string) => {
    const one = drilled.get(argsOf(scenario, more).join(" "))!;
    if (one instanceof Error) throw one;
    return one;
  };

  test.each(RUNS)("%s %s ends with %j, its disk changed: %s", (scenario, more, outcomes, change) => {
    const one = finished(scenario, more);
    expect(deviations(one)).toEqual([]);
    expect(one.exitCode).toBe(0);
    const { devices, checks } = one.report.scenarios[0]!;
    expect(devices.map(({ outcome }) => outcome)).toEqual([...outcomes]);
    const disk = change === "none" ? "disk-unchanged" : "disk-change";
    expect(checks.filter(({ id }) => id === disk)).toHaveLength(devices.length);
    expect(checks.find(({ id }) => id === "ledger")).toMatchObject({ passed: true });
    const roles = SCENARIOS.find(({ name }) => name === scenario)!.devices;
    for (const [index, { name, healthyBootsSeen }] of devices.entries()) {
      for (const id of ["firmware", "address", "secure-boot"])
        expect(checks.find((check) => check.id === id && check.device === name)).toMatchObject({ passed: true });
      expect(healthyBootsSeen).toBe(roles[index]!.healthyBoots);
    }
  });

  test("releases one recovery password to a locked device, none to a suspended one", () => {
    const released = (scenario: string, more: string) =>
      finished(scenario, more).report.scenarios[0]!.devices.map(({ keyProtectorIdsReleased: ids }) => ids.length);
    expect(released("locked", RUNS[0][1])).toEqual([1]);
    expect(released("locked", RUNS[1][1])).toEqual([1]);
    expect(released("two", RUNS[2][1])).toEqual([1, 0]);
  });

  test("two LANs: each device has an address of its own LAN", () => {
    const { checks } = finished("two", "--network two-lans").report.scenarios[0]!;
    const addresses = checks.filter(({ id }) => id === "address");
    expect(addresses.map(({ evidence }) => evidence.split(".").slice(0, 3).join("."))).toEqual(["10.99.0", "10.98.0"]);
  });
});

test("no scenario, firmware or network is left out", () => {
  const named = RUNS.flatMap(([scenario, more]) => argsOf(scenario, more));
  // The first firmware and the first network are the usual ones.
  const all = [...SCENARIOS, ...FIRMWARES.slice(1), ...NETWORKS.slice(1)].map(({ name }) => name);
  expect(all.filter((name) => !named.includes(name))).toEqual(ELSEWHERE);
});

test("a firmware or a network that there is none of is refused before anything starts, with what there is", () => {
  const refused = (...args: string[]) => {
    return () => execFileSync("./breakglass", ["drill", "run", ...args], { cwd: root, stdio: "pipe" });
  };
  expect(refused("--firmware", "coreboot")).toThrow(/Nothing was started[\s\S]*uefi-x64-http/);
  expect(refused("--network", "wireless")).toThrow(/Nothing was started[\s\S]*isolated/);
});
