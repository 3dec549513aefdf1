import type { Check, DeviceResult, DrillResult, ScenarioResult } from "../../src/drill/report/result.ts";

/** A drill that passed, as the reports see it. */
export function passedDrill(): DrillResult {
  return drillOf([scenarioOf([deviceOf()], [checkOf()])]);
}

export function checkOf(over: Partial<Check> = {}): Check {
  return {
    id: "disk-change",
    device: "PC-0001",
    title: "exactly the bad file moved to quarantine",
    passed: true,
    evidence: "1 of 412 files changed",
    ...over,
  };
}

export function deviceOf(over: Partial<DeviceResult> = {}): DeviceResult {
  return {
    name: "PC-0001",
    mac: "52:54:00:bb:00:01",
    serial: "BG-0001",
    uuid: "6BB65E04-1D1C-4F0E-9A3B-6A1B2C3D0001",
    volume: "BitLocker, locked",
    expected: "rescued",
    outcome: "rescued",
    rescued: true,
    crashesSeen: 2,
    healthyBootsSeen: 5,
    keyProtectorIdsReleased: ["24B0AA32-F8D0-40BA-BB05-73A800324C09"],
    times: {
      firstPacket: 3.5,
      hello: 38,
      keyReleased: 38.2,
      fileRemoved: 47.9,
      reported: 49,
      healthy: 61.2,
      confirmed: 62,
    },
    bytesToDevice: 31_400_000,
    changes: [
      {
        path: "Windows/System32/drivers/CrowdStrike/C-00000291-00000000-00000032.sys",
        change: "moved",
        to: "Windows/Breakglass-Quarantine/x",
        sha256: null,
      },
    ],
    moments: [{ at: 1200, mark: "bad", text: "crashed with a bugcheck (1 of 2) <now>" }],
    spans: [
      { from: 0, to: 32_000, is: "crashing", label: "crash loop" },
      { from: 32_000, to: 36_000, is: "firmware", label: "firmware" },
      { from: 36_000, to: 60_000, is: "loading", label: "network boot" },
      { from: 60_000, to: 82_000, is: "rescue", label: "rescue" },
      { from: 82_000, to: 150_000, is: "healthy", label: "healthy boots" },
    ],
    screen: null,
    ...over,
  };
}

export function scenarioOf(devices: readonly DeviceResult[], checks: readonly Check[]): ScenarioResult {
  return {
    name: "happy",
    folder: "happy",
    firmware: { name: "uefi-x64", title: "UEFI", architecture: "x64" },
    network: { name: "site", title: "a site DHCP server" },
    title: "one locked device in a crash loop comes back",
    objective: "The main path.",
    startedAt: "2026-01-01T00:00:00.000Z",
    endedAt: "2026-01-01T00:03:00.000Z",
    passed: checks.every((check) => check.passed),
    devices,
    checks,
    stationMoments: [],
    ledgerHead: { seq: 21, hash: "ab".repeat(32) },
    counters: {},
    artifacts: [],
  };
}

export function drillOf(scenarios: readonly ScenarioResult[]): DrillResult {
  return {
    drillId: "2026-01-01T00:00:00.000Z-happy",
    kind: "drill",
    type: "simulation",
    startedAt: "2026-01-01T00:00:00.000Z",
    endedAt: "2026-01-01T00:03:00.000Z",
    tool: { name: "breakglass", version: "0.1.0" },
    operator: "someone",
    lab: { acceleration: "tcg", processors: 2, qemu: "QEMU emulator version 7.2.22" },
    remedy: { id: "channel-file-291", sha256: "cd".repeat(32) },
    images: [{ architecture: "x64", driverSet: "fleet", manifestSha256: "ef".repeat(32) }],
    scenarios,
  };
}
