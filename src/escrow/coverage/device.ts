import type { ListedDevice } from "../../fleet/device-list.ts";
import { bareName } from "../../fleet/device-name.ts";
import type { Guid } from "../../wire/guid.ts";
import { type CoverageFinding, type CoverageState, FINDINGS, findingText } from "./finding.ts";
import type { Candidate, Matched } from "./match.ts";
import type { SeenProtector } from "./protectors.ts";

const DAY_MS = 24 * 3_600_000;

/** What a device is judged by beside its deposits. */
export interface Judging {
  /** Deposits on the rotation list (rotation.ts), and when they were last released, milliseconds since 1970 UTC. */
  readonly released: ReadonlyMap<string, number>;
  /** Milliseconds since 1970 UTC. */
  readonly now: number;
  /** Days after which a password counts as stale; null for never. */
  readonly maxAgeDays: number | null;
}

/** What became of one device of the inventory. */
export interface DeviceCoverage {
  readonly name: string | null;
  readonly lines: readonly number[];
  readonly serial: string | null;
  readonly site: string | null;
  readonly ring: string | null;
  readonly state: CoverageState;
  /** The worst first. `detail` is for people and names the device, protector, date or line that it is about. */
  readonly findings: readonly { readonly is: CoverageFinding; readonly detail: string }[];
  /** Age of the newest plausible password, whole days; null if there is none. */
  readonly newestDays: number | null;
  /** Whether the directory says that age, or it is the import's. */
  readonly dated: "directory" | "import" | null;
  /** Its key protectors with a plausible password. */
  readonly protectors: number;
}

/** What else there is beside a device's worst finding. Several protectors are half of every old directory: no news. */
export function otherFindings({ findings }: Pick<DeviceCoverage, "findings">): string {
  const others = findings.slice(1).map(({ is }) => is);
  return others.filter((is) => is !== "several-protectors").join(", ");
}

interface Plausible {
  /** Deposits that may open the volume Windows starts from: of that volume, or of one that no export names. */
  readonly pool: readonly Candidate[];
  /** Why the best of them are not surely this device's; null if they are. */
  readonly doubt: "named-twice" | "domain-differs" | "other-device-id" | null;
}

export function plausibleOf({ ties }: Matched): Plausible {
  const opening = (candidates: readonly Candidate[]) =>
    candidates.filter(({ volumeType }) => volumeType === null || volumeType === "os");
  const own = opening(ties.own);
  if (own.length > 0) return { pool: own, doubt: null };
  const shared = opening(ties.shared);
  if (shared.length > 0) return { pool: shared, doubt: "named-twice" };
  const elsewhere = opening(ties["other-domain"]);
  if (elsewhere.length > 0) return { pool: elsewhere, doubt: "domain-differs" };
  const otherId = opening(ties["other-device-id"]);
  return { pool: otherId, doubt: otherId.length > 0 ? "other-device-id" : null };
}

/** What becomes of one device. `seen` knows every key protector of its pool. */
export function judge(
  { device, lines, ties, cutNames }: Matched,
  { pool, doubt }: Plausible,
  seen: ReadonlyMap<Guid, SeenProtector>,
  { now, maxAgeDays, released }: Judging,
): { readonly device: DeviceCoverage; readonly volumeUnknown: boolean } {
  const found = new Map<CoverageFinding, string>();
  const say = (is: CoverageFinding, detail: string | null) => detail !== null && found.set(is, detail);
  const newest = pool.reduce<Candidate | null>(
    (best, each) => (best === null || isNewer(each, best) ? each : best),
    null,
  );
  if (newest === null) missing(device, { ties, cutNames }, say);
  else {
    if (doubt !== null) say(doubt, doubtDetail(device, doubt, pool));
    else say("domain-differs", severalDomains(pool));
    say("conflict", conflictOf(pool, seen));
    say("released", releasedOf(pool, released));
    if (newest.at > now + DAY_MS) say("dated-ahead", `dated ${dayOf(newest.at)}`);
    const limit = maxAgeDays === null ? Number.POSITIVE_INFINITY : maxAgeDays * DAY_MS;
    if (now - newest.at > limit) say("stale", `from ${dayOf(newest.at)}`);
    say("renamed", renamedOf(device, pool));
    const deviceIds = sorted(pool.flatMap(({ deviceId }) => deviceId ?? []));
    if (device.deviceId === null && deviceIds.length > 1) say("several-device-ids", few(deviceIds));
    const protectorIds = sorted(pool.map(({ protectorId }) => protectorId));
    if (protectorIds.length > 1) say("several-protectors", `${protectorIds.length} of them`);
    say("first8-shared", sharedFirst8(protectorIds, seen));
  }
  if (device.faults.length > 0) say("bad-mark", `line ${lines[0]}: ${device.faults.join("; ")}`);
  if (lines.length > 1) say("listed-twice", `lines ${few(lines.map(String))}`);
  const findings = FINDINGS.flatMap(({ is }) => (found.has(is) ? [{ is, detail: found.get(is)! }] : []));
  const { name, serial, site, ring } = device;
  return {
    device: {
      ...{ name, lines, serial, site, ring, findings },
      state: findings[0] === undefined ? "covered" : findingText(findings[0].is).state,
      newestDays: newest === null ? null : Math.max(0, Math.floor((now - newest.at) / DAY_MS)),
      dated: newest?.dated ?? null,
      protectors: new Set(pool.map(({ protectorId }) => protectorId)).size,
    },
    volumeUnknown: newest !== null && pool.every(({ volumeType }) => volumeType === null),
  };
}

/** Of two of the same moment, what a directory says counts. */
function isNewer(each: Candidate, best: Candidate): boolean {
  return each.at > best.at || (each.at === best.at && each.dated < best.dated);
}

type Say = (is: CoverageFinding, detail: string | null) => void;

function missing(
  { name, deviceId }: ListedDevice,
  { ties, cutNames }: Pick<Matched, "ties" | "cutNames">,
  say: Say,
): void {
  const others = Object.values(ties).flat();
  const hint = cutNames.length === 0 ? "" : `is it ${few(cutNames.map((each) => each.toUpperCase()))}, cut off at 15?`;
  if (name === null && deviceId === null) say("no-name", "");
  else if (others.length === 0) say("no-deposit", name === null ? `only the device ID ${deviceId}` : hint);
  else say("only-other-volumes", `only ${sorted(others.map(({ volumeType }) => String(volumeType))).join(", ")}`);
}

function doubtDetail(device: ListedDevice, doubt: NonNullable<Plausible["doubt"]>, pool: readonly Candidate[]): string {
  const names = few(sorted(pool.flatMap(({ deviceName }) => deviceName ?? [])));
  if (doubt === "domain-differs") return `in the vault: ${names}`;
  if (doubt === "named-twice") return `the vault has ${names === "" ? device.deviceId : names} once`;
  return `in the vault: ${few(sorted(pool.flatMap(({ deviceId }) => deviceId ?? [])))}`;
}

/** The inventory gives no domain and the vault gives two: they may be two devices. */
function severalDomains(pool: readonly Candidate[]): string | null {
  const named = pool.filter(({ deviceName }) => deviceName?.includes(".") ?? false);
  const names = sorted(named.map(({ deviceName }) => deviceName!.toLowerCase()));
  const domains = new Set(names.map((name) => name.slice(name.indexOf("."))));
  return domains.size > 1 && new Set(names.map(bareName)).size === 1 ? `in the vault: ${few(names)}` : null;
}

function conflictOf(pool: readonly Candidate[], seen: ReadonlyMap<Guid, SeenProtector>): string | null {
  const conflicts = sorted(pool.map(({ protectorId }) => protectorId)).filter((id) => seen.get(id)!.passwords > 1);
  const [first] = conflicts;
  if (first === undefined) return null;
  const more = conflicts.length > 1 ? `, and ${conflicts.length - 1} more` : "";
  return `${seen.get(first)!.passwords} for ${first}${more}`;
}

function releasedOf(pool: readonly Candidate[], released: ReadonlyMap<string, number>): string | null {
  const times = pool.flatMap(({ depositId }) => released.get(depositId) ?? []);
  return times.length === 0 ? null : `released on ${dayOf(Math.max(...times))}`;
}

function renamedOf({ name, deviceId }: ListedDevice, pool: readonly Candidate[]): string | null {
  if (name === null || deviceId === null) return null;
  const others = pool.flatMap((each) => (each.deviceId === deviceId ? (each.deviceName ?? []) : []));
  const different = sorted(others.filter((other) => bareName(other) !== bareName(name)));
  return different.length === 0 ? null : `in the vault: ${few(different)}`;
}

function sharedFirst8(protectorIds: readonly Guid[], seen: ReadonlyMap<Guid, SeenProtector>): string | null {
  const shared = protectorIds.flatMap((id) =>
    [...seen.get(id)!.sameFirst8.values()].map((name) => `${id.slice(0, 8)} is ${name ?? "an unnamed deposit"}'s, too`),
  );
  return shared.length === 0 ? null : few(sorted(shared));
}

/** Each once, in an order that does not depend on the vault's. */
function sorted<Text extends string>(texts: readonly Text[]): Text[] {
  return [...new Set(texts)].sort();
}

function few(texts: readonly string[]): string {
  return texts.length <= 3 ? texts.join(", ") : `${texts.slice(0, 3).join(", ")} and ${texts.length - 3} more`;
}

function dayOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}
