import { type Check, percentile, type Verdict } from "../report/result.ts";
import type { Cost } from "./cost.ts";
import type { SyntheticDevice } from "./device.ts";
import type { DeviceRecord } from "./record.ts";

/** A drill with synthetic devices, as it went. */
export interface SyntheticResult {
  readonly startedAt: string;
  readonly endedAt: string;
  readonly operator: string;
  readonly version: string;
  readonly remedy: string;
  readonly imageSha256: string;
  /** How the station was started: devices that load at once, megabits a second of its budget and of its network card. */
  readonly loads: number;
  readonly bandwidth: number | null;
  readonly line: number | null;
  readonly devices: readonly SyntheticDevice[];
  readonly records: readonly DeviceRecord[];
  readonly checks: readonly Check[];
  readonly station: Cost;
  readonly ledgerEntries: number;
  readonly counters: Readonly<Record<string, unknown>>;
}

/** Seconds from the moment all devices were switched on. */
interface Times {
  readonly first: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly all: number | null;
}

/** When the devices were rescued, in order; milliseconds. */
export function rescuedAt(records: readonly DeviceRecord[]): number[] {
  return records.flatMap(({ at }) => at.rescued ?? []).sort((one, other) => one - other);
}

/** `all` is null as long as one is missing. */
export function timesOf(records: readonly DeviceRecord[]): Times {
  const rescued = rescuedAt(records);
  const seconds = (milliseconds: number | null) => (milliseconds === null ? null : Math.round(milliseconds / 10) / 100);
  const share = (p: number) => percentile([...rescued, ...Array(records.length - rescued.length).fill(Infinity)], p);
  const finite = (value: number | null) => (value === null || value === Infinity ? null : seconds(value));
  return {
    first: seconds(rescued[0] ?? null),
    p50: finite(share(50)),
    p95: finite(share(95)),
    all: finite(share(100)),
  };
}

export function syntheticVerdict({ checks, devices, records }: SyntheticResult): Verdict {
  const failed = checks.filter(({ passed }) => !passed);
  if (failed.length > 0) return { passed: false, line: `drill failed: ${failed.map(({ title }) => title).join("; ")}` };
  const { first, p50, p95, all } = timesOf(records);
  const times = `first after ${first} s, half after ${p50} s, 95 % after ${p95} s, all after ${all} s`;
  return {
    passed: true,
    line: `drill passed: ${devices.length} of ${devices.length} synthetic devices rescued; ${times}`,
  };
}

/** `report.json` of a drill with synthetic devices. `version` changes when a field changes its meaning. */
export function syntheticJson(result: SyntheticResult): string {
  const { devices, records, station, checks } = result;
  const { passed, line } = syntheticVerdict(result);
  const report = {
    version: 1,
    passed,
    verdict: line,
    kind: "drill",
    type: "synthetic",
    startedAt: result.startedAt,
    endedAt: result.endedAt,
    operator: result.operator,
    tool: { name: "breakglass", version: result.version },
    remedy: result.remedy,
    imageSha256: result.imageSha256,
    serve: { loads: result.loads, bandwidthMbps: result.bandwidth, lineMbps: result.line },
    summary: {
      devices: devices.length,
      rescued: rescuedAt(records).length,
      secondsToRescued: timesOf(records),
      networkBoots: records.reduce((sum, { boots }) => sum + boots, 0),
      waited: records.filter(({ waits }) => waits > 0).length,
      bytesToDevices: records.reduce((sum, { bytes }) => sum + bytes, 0),
    },
    cost: {
      stationCpuSeconds: station.cpuSeconds,
      stationPeakBytes: station.peakBytes,
      ledgerEntries: result.ledgerEntries,
    },
    counters: result.counters,
    deviations: checks.filter((each) => !each.passed),
    checks,
    devices: devices.map(({ name, mac }, index) => {
      const { at, boots, waits, bytes, trouble } = records[index]!;
      return { name, mac, milliseconds: at, boots, waits, bytes, trouble };
    }),
  };
  return `${JSON.stringify(report, null, 1)}\n`;
}
