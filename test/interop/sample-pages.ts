import { generateKeyPairSync, randomBytes } from "node:crypto";
import { checkpointPage } from "../../src/dashboard/checkpoint-page.ts";
import { coveragePage } from "../../src/dashboard/coverage-page.ts";
import { shareCardsPage } from "../../src/dashboard/share-cards.ts";
import { reportPage } from "../../src/drill/report/page.ts";
import type { DrillResult } from "../../src/drill/report/result.ts";
import { makeDevices } from "../../src/drill/synthetic/device.ts";
import { syntheticPage } from "../../src/drill/synthetic/page.ts";
import { newRecord } from "../../src/drill/synthetic/record.ts";
import { splitKey } from "../../src/escrow/locks/custodians.ts";
import { signCheckpoint } from "../../src/ledger/checkpoint.ts";
import { parseGuid } from "../../src/wire/guid.ts";
import { aboutSample } from "../dashboard/coverage-about.ts";
import { checkOf, deviceOf, drillOf, scenarioOf } from "../drill/fixture.ts";
import { companyReport } from "../escrow/coverage-sample.ts";

const VAULT = "3FD3ED41-1B77-4BA1-8A5C-7C3A2D3E4F50";
const sha256 = "9f2c4e0b7a61d3f85b0c6a9de1742f3388b5ce09a4d17f6e20cb35d8e96f1a47";

/** Long enough for several sheets of paper, with every part that a report can have. */
export function longDrill(): DrillResult {
  const moments = Array.from({ length: 30 }, (_, n) => ({
    at: n * 1_900,
    mark: (["plain", "wait", "good", "bad"] as const)[n % 4]!,
    text: `moment ${n}: C:\\Windows\\System32\\drivers\\CrowdStrike\\C-00000291-00000000-00000032.sys is looked at`,
  }));
  const named = (name: string) =>
    deviceOf({ name, moments, screen: "screen.png", volume: "BitLocker, locked, AES-XTS-256" });
  const artifacts = ["station-counters.json", "ledger.jsonl", "PC-0001-before-and-after.json", "network.pcapng"].map(
    (file) => ({ file, bytes: 1_234_567, sha256 }),
  );
  const checks = (device: string) => [
    checkOf({ device }),
    checkOf({
      device,
      title: "the recovery password is released after the ledger has it",
      evidence: `entry 14:${sha256}`,
    }),
  ];
  const scenario = (name: string, devices: readonly string[]) => ({
    ...scenarioOf(devices.map(named), devices.flatMap(checks)),
    ...{ name, folder: name, stationMoments: moments, artifacts },
  });
  const broken = scenario("wrong-key", ["PC-0004"]);
  const failed = checkOf({
    device: "PC-0004",
    passed: false,
    title: "five healthy boots after it",
    evidence: "3 of 5",
  });
  return drillOf([
    scenario("happy", ["PC-0001"]),
    scenario("two-at-once", ["PC-0002", "PC-0003"]),
    { ...broken, checks: [...broken.checks, failed] },
  ]);
}

/** Devices of a wave, each rescued a quarter of a second after the one before. */
export function wavePage(devices: number): string {
  const records = Array.from({ length: devices }, (_, n) => ({
    ...{ ...newRecord(), at: { rescued: 9_000 + 250 * n }, boots: 1, ownPassword: true },
  }));
  const checks = [
    "every device is rescued",
    "none is rescued twice",
    "never more than 8 load the image at the same time",
  ];
  return syntheticPage({
    ...{ startedAt: "2026-11-24T00:00:00Z", endedAt: "2026-11-24T00:01:00Z", operator: "o", version: "0.1.0" },
    ...{ remedy: `channel-file-291 (SHA-256 ${sha256})`, imageSha256: sha256, loads: 8, bandwidth: null, line: 1_000 },
    devices: makeDevices(devices),
    records,
    checks: checks.map((title, n) => ({ ...checkOf({ id: `${n}`, device: null, title }), evidence: "200 of 200" })),
    ...{ station: { cpuSeconds: 9.2, peakBytes: 212e6 }, ledgerEntries: 2_412, counters: {} },
  });
}

export const PAGE_NAMES = ["drill", "synthetic", "checkpoint", "coverage", "cards"];

/** Every page that a person gets, by its name. `screen`: a PNG in place of a device's screen. */
export async function samplePages(screen: Uint8Array): Promise<Readonly<Record<string, string>>> {
  const drill = longDrill();
  const screens = new Map(drill.scenarios.map(({ folder }) => [`${folder}/screen.png`, screen]));
  const report = companyReport(400);
  const head = { ledgerId: parseGuid(VAULT), epoch: 1, seq: 4_812, hash: sha256, at: 1_764_000_000_000 };
  const station = "rescue-01.branch-office-north.example";
  const checkpoint = signCheckpoint({ ...head, station }, generateKeyPairSync("ed25519").privateKey);
  const set = { setId: "9F3A22C1", threshold: 3, shares: 5 };
  const { cards } = await splitKey(VAULT, set, randomBytes);
  return {
    drill: reportPage(drill, screens),
    synthetic: wavePage(200),
    checkpoint: await checkpointPage(checkpoint, "operator:m.keller"),
    coverage: coveragePage(report, aboutSample(report)),
    cards: await shareCardsPage(cards, "2026-11-25"),
  };
}
