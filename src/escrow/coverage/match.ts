import { deviceKey, type ListedDevice } from "../../fleet/device-list.ts";
import { bareName, domainOf } from "../../fleet/device-name.ts";
import type { Guid } from "../../wire/guid.ts";
import type { Deposit, VolumeType } from "../deposit.ts";

/** What coverage needs of a deposit. */
export interface Candidate {
  readonly depositId: string;
  readonly protectorId: Guid;
  readonly deviceName: string | null;
  /** Lower case. */
  readonly deviceId: string | null;
  readonly volumeType: VolumeType | null;
  /** Milliseconds since 1970 UTC: by the directory if it says, else when it was imported. */
  readonly at: number;
  readonly dated: "directory" | "import";
}

/**
 * Whose a deposit is, as far as names and device IDs tell. `shared`: it fits other devices of the inventory as well.
 * The other two have a name that fits, and something beside it that does not.
 */
type Tie = "own" | "shared" | "other-domain" | "other-device-id";

/** A device and the deposits that may be its. */
export interface Matched {
  readonly device: ListedDevice;
  /** All lines of the inventory that have it. */
  readonly lines: readonly number[];
  readonly ties: Readonly<Record<Tie, readonly Candidate[]>>;
  /** Names in the vault that are this one, or that this one is, cut off after 15 characters: a hint, and no match. */
  readonly cutNames: readonly string[];
}

/** What the vault holds beside the inventory's devices, in deposits. */
export interface VaultCounts {
  readonly deposits: number;
  /** Without a device's name; they could be anybody's. */
  readonly unnamed: number;
  /** Of those without a name, how many have a device ID. */
  readonly unnamedWithDeviceId: number;
  /** With a name or a device ID that the inventory does not list. */
  readonly unlisted: number;
  /** Of all, how many have a device ID, and how many have one that the inventory lists. */
  readonly withDeviceId: number;
  readonly byDeviceId: number;
}

interface Row {
  readonly device: ListedDevice;
  readonly lines: number[];
}

interface Place {
  readonly rows: Row[];
  readonly deposits: Candidate[];
}

/** NetBIOS names end here, and some tools know no others. */
const CUT = 15;

/**
 * Finds the deposits of each device: by Entra's device ID where both sides have one, else by name, without case and
 * domain, as releases compare them. One pass over `deposits`, of which only those that fit some device are kept.
 */
export function matchDeposits(
  inventory: readonly ListedDevice[],
  deposits: Iterable<Deposit>,
): { readonly matched: readonly Matched[]; readonly counts: VaultCounts } {
  const rows = uniqueRows(inventory);
  const byName = new Map<string, Place>();
  const byId = new Map<string, Place>();
  const place = (into: Map<string, Place>, key: string, row: Row) => {
    const known = into.get(key);
    if (known === undefined) into.set(key, { rows: [row], deposits: [] });
    else known.rows.push(row);
  };
  for (const row of rows) {
    if (row.device.name !== null) place(byName, bareName(row.device.name), row);
    if (row.device.deviceId !== null) place(byId, row.device.deviceId, row);
  }
  const long = new Map<string, Set<string>>();
  for (const { device } of rows) {
    const bare = bareName(device.name ?? "");
    if (bare.length >= CUT) long.set(bare.slice(0, CUT), new Set());
  }
  const counts = { deposits: 0, unnamed: 0, unnamedWithDeviceId: 0, unlisted: 0, withDeviceId: 0, byDeviceId: 0 };
  for (const deposit of deposits) {
    const deviceId = deposit.deviceId?.toLowerCase() ?? null;
    const named = deposit.deviceName === null ? undefined : byName.get(bareName(deposit.deviceName));
    const known = deviceId === null ? undefined : byId.get(deviceId);
    counts.deposits += 1;
    if (deviceId !== null) counts.withDeviceId += 1;
    if (known !== undefined) counts.byDeviceId += 1;
    if (deposit.deviceName === null) counts.unnamed += 1;
    if (deposit.deviceName === null && deviceId !== null) counts.unnamedWithDeviceId += 1;
    if (named === undefined && known === undefined && (deposit.deviceName ?? deviceId) !== null) counts.unlisted += 1;
    if (named === undefined && deposit.deviceName !== null && deposit.deviceName.length >= CUT) {
      const bare = bareName(deposit.deviceName);
      if (bare.length >= CUT) long.get(bare.slice(0, CUT))?.add(bare);
    }
    if (named === undefined && known === undefined) continue;
    const candidate = candidateOf(deposit, deviceId);
    named?.deposits.push(candidate);
    if (known !== named) known?.deposits.push(candidate);
  }
  return { matched: rows.map((row) => ({ ...tie(row, byName, byId), cutNames: cutNamesOf(row, long) })), counts };
}

/** The same row again is the same device, and is what its first line says. */
function uniqueRows(inventory: readonly ListedDevice[]): Row[] {
  const rows = new Map<string, Row>();
  for (const device of [...inventory].sort((a, b) => a.line - b.line)) {
    // Nothing in a row without name and device ID tells that two of them are one.
    const nobody = device.name === null && device.deviceId === null;
    const key = nobody ? `line ${device.line}` : deviceKey(device);
    const known = rows.get(key);
    if (known === undefined) rows.set(key, { device, lines: [device.line] });
    else known.lines.push(device.line);
  }
  return [...rows.values()];
}

function candidateOf({ depositId, protectorId, deviceName, volumeType, ...deposit }: Deposit, deviceId: string | null) {
  const at = deposit.createdAt ?? deposit.depositedAt;
  const dated = deposit.createdAt === null ? ("import" as const) : ("directory" as const);
  return { depositId, protectorId, deviceName, deviceId, volumeType, at, dated };
}

function tie(row: Row, byName: Map<string, Place>, byId: Map<string, Place>): Omit<Matched, "cutNames"> {
  const { name, deviceId } = row.device;
  const named = name === null ? undefined : byName.get(bareName(name));
  const known = deviceId === null ? undefined : byId.get(deviceId);
  const ties: Record<Tie, Candidate[]> = { own: [], shared: [], "other-domain": [], "other-device-id": [] };
  for (const candidate of new Set([...(named?.deposits ?? []), ...(known?.deposits ?? [])])) {
    const fit = fitOf(row, candidate, byId);
    const rivals = [...(named?.rows ?? []), ...(known?.rows ?? [])];
    const shared = fit === "own" && rivals.some((other) => other !== row && fitOf(other, candidate, byId) === "own");
    ties[shared ? "shared" : fit].push(candidate);
  }
  return { device: row.device, lines: row.lines.sort((a, b) => a - b), ties };
}

/** Whose it is for this row alone. */
function fitOf({ device }: Row, { deviceId, deviceName }: Candidate, byId: Map<string, Place>): Exclude<Tie, "shared"> {
  if (deviceId !== null && deviceId === device.deviceId) return "own";
  // Another row has its ID, or this row has another ID.
  if (deviceId !== null && (device.deviceId !== null || byId.has(deviceId))) return "other-device-id";
  const domains = [domainOf(device.name ?? ""), domainOf(deviceName ?? "")];
  return domains[0] !== domains[1] && !domains.includes("") ? "other-domain" : "own";
}

function cutNamesOf({ device }: Row, long: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const bare = bareName(device.name ?? "");
  const near = [...(long.get(bare.slice(0, CUT)) ?? [])];
  return near.filter((name) => name !== bare && (name.length === CUT || bare.length === CUT)).sort();
}
