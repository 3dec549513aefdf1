import type { ImageArchitecture } from "../../boot/image-id.ts";

/** One thing that had to hold, whether it did, and what shows it. */
export interface Check {
  readonly id: string;
  readonly device: string | null;
  readonly title: string;
  readonly passed: boolean;
  readonly evidence: string;
}

/** A moment of a device's story. `at`: milliseconds since the scenario began. */
export interface Moment {
  readonly at: number;
  readonly mark: "good" | "bad" | "wait" | "plain";
  readonly text: string;
}

/** Where a device was for a while, for the picture. Milliseconds since the scenario began. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly is: "crashing" | "firmware" | "loading" | "rescue" | "waiting" | "healthy" | "off";
  readonly label: string;
}

/** Seconds from the power-on that network-boots the device; null if it never came to that. */
export interface RescueTimes {
  readonly firstPacket: number | null;
  readonly hello: number | null;
  readonly keyReleased: number | null;
  readonly fileRemoved: number | null;
  readonly reported: number | null;
  readonly healthy: number | null;
  readonly confirmed: number | null;
}

export interface DiskChange {
  readonly path: string;
  readonly change: "removed" | "added" | "changed" | "moved";
  readonly to: string | null;
  readonly sha256: string | null;
}

export interface DeviceResult {
  readonly name: string;
  readonly mac: string;
  readonly serial: string;
  readonly uuid: string;
  readonly volume: string;
  readonly expected: string;
  /** The outcome word its agent reported, the reason word it waited for, or `silent`. */
  readonly outcome: string;
  readonly rescued: boolean;
  readonly crashesSeen: number;
  readonly healthyBootsSeen: number;
  readonly keyProtectorIdsReleased: readonly string[];
  readonly times: RescueTimes;
  /** Bytes the device received during the power-on of its rescue. */
  readonly bytesToDevice: number;
  readonly changes: readonly DiskChange[];
  readonly moments: readonly Moment[];
  readonly spans: readonly Span[];
  /** File name of the picture of its screen in the report's folder; null if there is none. */
  readonly screen: string | null;
}

export interface ScenarioResult {
  readonly name: string;
  /** Where its files are in the report's folder. */
  readonly folder: string;
  /** What the devices' firmware and network were: names, and titles for a person. */
  readonly firmware: { readonly name: string; readonly title: string; readonly architecture: ImageArchitecture };
  readonly network: { readonly name: string; readonly title: string };
  readonly title: string;
  readonly objective: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly passed: boolean;
  readonly devices: readonly DeviceResult[];
  readonly checks: readonly Check[];
  readonly stationMoments: readonly Moment[];
  readonly ledgerHead: { readonly seq: number; readonly hash: string } | null;
  readonly counters: Readonly<Record<string, unknown>>;
  /** Everything the scenario wrote down, kept beside the report. */
  readonly artifacts: readonly { readonly file: string; readonly bytes: number; readonly sha256: string }[];
}

export interface DrillResult {
  readonly drillId: string;
  readonly kind: "drill";
  readonly type: "simulation";
  readonly startedAt: string;
  readonly endedAt: string;
  readonly tool: { readonly name: "breakglass"; readonly version: string };
  readonly operator: string;
  readonly lab: { readonly acceleration: string; readonly processors: number; readonly qemu: string };
  readonly remedy: { readonly id: string; readonly sha256: string };
  readonly images: readonly {
    readonly architecture: ImageArchitecture;
    readonly driverSet: string;
    readonly manifestSha256: string;
  }[];
  readonly scenarios: readonly ScenarioResult[];
}

/** What the last line says, and the exit code follows. */
export interface Verdict {
  readonly passed: boolean;
  readonly line: string;
}

/** Devices that were expected to be rescued, and how many were. */
export function rescueCount(scenarios: readonly ScenarioResult[]): { rescued: number; expected: number } {
  const devices = scenarios.flatMap((scenario) => scenario.devices).filter(({ expected }) => expected === "rescued");
  return { rescued: devices.filter((device) => device.rescued).length, expected: devices.length };
}

/**
 * `drill passed: 1 of 1 devices rescued, power-on to healthy 61 s`, or `drill failed:` and what did not hold. The time
 * is the slowest device's; without healthy boots to wait for, it is the time to the file's removal.
 */
export function verdict(scenarios: readonly ScenarioResult[]): Verdict {
  const failed = scenarios.flatMap((scenario) => scenario.checks.filter((check) => !check.passed));
  if (failed.length > 0) {
    const first = failed.slice(0, 3).map((check) => (check.device ? `${check.device}: ${check.title}` : check.title));
    const more = failed.length > 3 ? ` (and ${failed.length - 3} more)` : "";
    return { passed: false, line: `drill failed: ${first.join("; ")}${more}` };
  }
  const { rescued, expected } = rescueCount(scenarios);
  const times = scenarios.flatMap((scenario) => scenario.devices.map((device) => device.times));
  const healthy = times.flatMap(({ healthy }) => healthy ?? []);
  const removed = times.flatMap(({ fileRemoved }) => fileRemoved ?? []);
  const slowest = (seconds: readonly number[]) => `${Math.round(Math.max(...seconds))} s`;
  const parts = [`${rescued} of ${expected} devices rescued`];
  if (healthy.length > 0) parts.push(`power-on to healthy ${slowest(healthy)}`);
  else if (removed.length > 0) parts.push(`power-on to file removed ${slowest(removed)}`);
  if (expected === 0) parts[0] = `${scenarios.length} of ${scenarios.length} scenarios as expected`;
  return { passed: true, line: `drill passed: ${parts.join(", ")}` };
}

/** The p-th percentile (0-100) by the nearest-rank method; null of nothing. */
export function percentile(values: readonly number[], p: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? null;
}
