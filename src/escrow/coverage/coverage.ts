import type { ListedDevice } from "../../fleet/device-list.ts";
import type { Deposit } from "../deposit.ts";
import { type DeviceCoverage, type Judging, judge, plausibleOf } from "./device.ts";
import { type CoverageFinding, FINDINGS } from "./finding.ts";
import { matchDeposits, type VaultCounts } from "./match.ts";
import { protectorsSeen } from "./protectors.ts";

interface CoverageQuestion extends Judging {
  readonly inventory: readonly ListedDevice[];
  /** All deposits of the vault, in any order; gone through twice, and never held whole. */
  readonly deposits: Iterable<Deposit>;
}

export interface StateCounts {
  readonly devices: number;
  readonly covered: number;
  readonly doubtful: number;
  readonly missing: number;
}

/** Devices by the age of their newest plausible password: at least `fromDays`, less than `toDays`. */
export interface AgeBand {
  readonly fromDays: number;
  readonly toDays: number | null;
  readonly devices: number;
}

export interface CoverageReport extends StateCounts {
  readonly at: number;
  readonly maxAgeDays: number | null;
  readonly vault: VaultCounts;
  /** True if both sides have device IDs and not one is on both: probably the inventory's are of another kind. */
  readonly foreignDeviceIds: boolean;
  /** Devices whose passwords come without a word of which volume they are for: they count as plausible. */
  readonly volumeUnknown: number;
  /** Devices whose age is the import's, because no export said better. */
  readonly agedByImport: number;
  /** How many devices have each finding; all findings, the worst first. */
  readonly findings: readonly { readonly is: CoverageFinding; readonly devices: number }[];
  readonly ages: readonly AgeBand[];
  /** Worst first; empty if the inventory names no sites. */
  readonly sites: readonly (StateCounts & { readonly site: string | null })[];
  /** Worst first, then by name. */
  readonly list: readonly DeviceCoverage[];
}

/** Whether a rescue would find a recovery password for every device of the inventory. The vault may stay sealed. */
export function coverage(question: CoverageQuestion): CoverageReport {
  const { inventory, deposits, now, maxAgeDays } = question;
  const { matched, counts } = matchDeposits(inventory, deposits);
  const plausible = matched.map(plausibleOf);
  const seen = protectorsSeen(
    plausible.flatMap(({ pool }) => pool),
    deposits,
  );
  const judged = matched.map((each, index) => judge(each, plausible[index]!, seen, question));
  const list = judged.map(({ device }) => device).sort(worstFirst);
  const haveIds = inventory.some(({ deviceId }) => deviceId !== null) && counts.withDeviceId > 0;
  return {
    at: now,
    maxAgeDays,
    ...countStates(list),
    vault: counts,
    foreignDeviceIds: haveIds && counts.byDeviceId === 0,
    volumeUnknown: judged.filter(({ volumeUnknown }) => volumeUnknown).length,
    agedByImport: list.filter(({ dated }) => dated === "import").length,
    findings: FINDINGS.map(({ is }) => ({ is, devices: list.filter((each) => has(each, is)).length })),
    ages: ageBands(list),
    sites: sitesOf(list),
    list,
  };
}

const has = ({ findings }: DeviceCoverage, finding: CoverageFinding) => findings.some(({ is }) => is === finding);

const ORDER = new Map(FINDINGS.map(({ is }, index) => [is, index]));

function worstFirst(a: DeviceCoverage, b: DeviceCoverage): number {
  const rank = ({ findings: [worst] }: DeviceCoverage) =>
    worst === undefined ? FINDINGS.length : ORDER.get(worst.is)!;
  return rank(a) - rank(b) || compareText(a.name, b.name) || a.lines[0]! - b.lines[0]!;
}

function compareText(a: string | null, b: string | null): number {
  const [left, right] = [(a ?? "").toLowerCase(), (b ?? "").toLowerCase()];
  return left < right ? -1 : left > right ? 1 : 0;
}

function countStates(list: readonly DeviceCoverage[]): StateCounts {
  const counts = { devices: list.length, covered: 0, doubtful: 0, missing: 0 };
  for (const { state } of list) counts[state] += 1;
  return counts;
}

const BANDS = [0, 30, 90, 180, 365, 730, 1095];

function ageBands(list: readonly DeviceCoverage[]): AgeBand[] {
  return BANDS.map((fromDays, index) => {
    const toDays = BANDS[index + 1] ?? null;
    const within = (days: number | null) =>
      days !== null && days >= fromDays && days < (toDays ?? Number.POSITIVE_INFINITY);
    return { fromDays, toDays, devices: list.filter(({ newestDays }) => within(newestDays)).length };
  });
}

function sitesOf(list: readonly DeviceCoverage[]): CoverageReport["sites"] {
  const sites = new Map<string | null, DeviceCoverage[]>();
  for (const device of list) {
    const known = sites.get(device.site);
    if (known === undefined) sites.set(device.site, [device]);
    else known.push(device);
  }
  if (sites.size === 1 && sites.has(null)) return [];
  const counted = [...sites].map(([site, devices]) => ({ site, ...countStates(devices) }));
  return counted.sort((a, b) => a.covered * b.devices - b.covered * a.devices || compareText(a.site, b.site));
}
