import { execFileSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { FIRMWARES } from "../../src/drill/lab/firmware.ts";
import { NETWORKS } from "../../src/drill/lab/lan.ts";
import { buildImage, type Drilled, deviations, drillEach, root } from "./run-drill.ts";

/** Every firmware and every network once; `test/slow` has each of them by itself. The first of both is `happy`'s. */
const RUNS: readonly (readonly string[])[] = [
  ["--firmware", "uefi-x64-http"],
  ["--firmware", "uefi-x64-own-ipxe"],
  ["--firmware", "bios-x86", "--network", "isolated"],
  ["--firmware", "uefi-x64-ipxe", "--network", "relay"],
  ["--firmware", "uefi-arm64"],
  // A device on each LAN.
  ["--network", "two-lans", "--devices", "2"],
].map((args) => ["--scenario", "locked", ...args]);

describe("a locked device is rescued, comes back once, and finds Secure Boot as its firmware has it", () => {
  let drilled: ReadonlyMap<string, Drilled | Error>;
  beforeAll(async () => {
    buildImage();
    buildImage("arm64");
    drilled = await drillEach(RUNS);
  }, 1_200_000);

  test.each(RUNS.map((args) => args.join(" ")))("drill run %s", (args) => {
    const one = drilled.get(args)!;
    if (one instanceof Error) throw one;
    expect(deviations(one)).toEqual([]);
    expect(one.exitCode).toBe(0);
    const { devices, checks } = one.report.scenarios[0]!;
    for (const { name, outcome, keyProtectorIdsReleased, healthyBootsSeen } of devices) {
      expect(outcome).toBe("rescued");
      expect(keyProtectorIdsReleased).toHaveLength(1);
      expect(healthyBootsSeen).toBe(1);
      for (const id of ["firmware", "address", "secure-boot"])
        expect(checks.find((check) => check.id === id && check.device === name)).toMatchObject({ passed: true });
    }
  });

  test("two LANs: each device has an address of its own LAN", () => {
    const one = drilled.get(RUNS.at(-1)!.join(" "))!;
    if (one instanceof Error) throw one;
    const addresses = one.report.scenarios[0]!.checks.filter(({ id }) => id === "address");
    expect(addresses.map(({ evidence }) => evidence.split(".").slice(0, 3).join("."))).toEqual(["10.99.0", "10.98.0"]);
  });

  test("leaves out no firmware and no network", () => {
    const named = RUNS.flat();
    const all = [...FIRMWARES.slice(1), ...NETWORKS.slice(1)].map(({ name }) => name);
    expect(all.filter((name) => !named.includes(name))).toEqual([]);
  });
});

test("a firmware or a network that there is none of is refused before anything starts, with what there is", () => {
  const refused = (...args: string[]) => {
    return () => execFileSync("./breakglass", ["drill", "run", ...args], { cwd: root, stdio: "pipe" });
  };
  expect(refused("--firmware", "coreboot")).toThrow(/Nothing was started[\s\S]*uefi-x64-http/);
  expect(refused("--network", "wireless")).toThrow(/Nothing was started[\s\S]*isolated/);
});
