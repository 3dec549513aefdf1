import type { Entry, NewEntry } from "../ledger/entry.ts";
import type { BodyOf } from "../ledger/events/event.ts";
import type { Guid } from "../wire/guid.ts";
import type { MacAddress } from "../wire/mac.ts";
import type { Deposit } from "./deposit.ts";

/** A recovery password that left the vault: the last time, and how often. */
export interface SeenPassword {
  readonly protectorId: Guid;
  readonly depositId: string;
  /** The device that got it, or null where a person did. */
  readonly device: MacAddress | null;
  /** The inventory's name for the device, or the deposit's at a release by hand; null if there was none. */
  readonly deviceName: string | null;
  /** Ledger time of the last release, milliseconds since 1970 UTC. */
  readonly releasedAt: number;
  /** Who had it released: `operator:NAME`, or `station` for a campaign. */
  readonly by: string;
  /** `campaign NAME`, or the reason that was given by hand. */
  readonly why: string;
  readonly releases: number;
}

/** A fold over the ledger, changed in place. */
interface SeenPasswords {
  /** By deposit ID. What was said to be rotated is no longer in it. */
  readonly byDeposit: Map<string, SeenPassword>;
  /** The inventory's names for devices. */
  readonly names: Map<MacAddress, string>;
}

export function newSeenPasswords(): SeenPasswords {
  return { byDeposit: new Map(), names: new Map() };
}

/** Takes in one more ledger entry. Entries of other kinds leave it as it is. */
export function foldSeen(seen: SeenPasswords, { body, actor, at }: Entry): void {
  if (body.type === "device.admitted" && body.name !== null) seen.names.set(body.device, body.name);
  if (body.type === "key.rotated") for (const depositId of body.depositIds) seen.byDeposit.delete(depositId);
  if (body.type !== "key.released-by-hand" && body.type !== "key.released") return;
  const { protectorId, depositId } = body;
  const releases = (seen.byDeposit.get(depositId)?.releases ?? 0) + 1;
  const how = body.type === "key.released" ? byCampaign(seen, body) : byHand(body);
  seen.byDeposit.set(depositId, { protectorId, depositId, ...how, releasedAt: at, by: actor, releases });
}

function byCampaign({ names }: SeenPasswords, { device, campaign }: BodyOf<"key.released">) {
  return { device, deviceName: names.get(device) ?? null, why: `campaign ${campaign}` };
}

function byHand({ deviceName, reason, ticket }: BodyOf<"key.released-by-hand">) {
  return { device: null, deviceName, why: ticket === null ? reason : `${reason} (${ticket})` };
}

/** A password that has to be rotated, with what the vault knows of its deposit; null if that is not in this vault. */
export interface Due extends SeenPassword {
  readonly deposit: Deposit | null;
}

/**
 * Every password that was seen and that no newer deposit has taken the place of, longest waiting first. `related` finds
 * the vault's deposits that may be of the same device: by protector ID, directory ID and name; the password's own
 * deposit among them.
 */
export function dueForRotation(seen: SeenPasswords, related: (password: SeenPassword) => readonly Deposit[]): Due[] {
  const due: Due[] = [...seen.byDeposit.values()].flatMap((password) => {
    const around = related(password);
    const deposit = around.find(({ depositId }) => depositId === password.depositId) ?? null;
    return around.some((other) => takesThePlace(other, password, deposit)) ? [] : [{ ...password, deposit }];
  });
  return due.sort((one, other) => one.releasedAt - other.releasedAt);
}

/** A newer password of the same device: escrowed after the release, where the directory says when, else deposited after. */
function takesThePlace(other: Deposit, password: SeenPassword, own: Deposit | null): boolean {
  if (other.depositId === password.depositId) return false;
  // An old export that is imported late brings passwords from before.
  if ((other.createdAt ?? other.depositedAt) <= password.releasedAt) return false;
  const volumes = [own?.volumeType ?? null, other.volumeType];
  if (!volumes.includes(null) && volumes[0] !== volumes[1]) return false;
  return isSameDevice(other, password, own);
}

/** By the directory's own ID where both have one; else by name; else by a protector whose password has changed. */
function isSameDevice(other: Deposit, { protectorId, deviceName }: SeenPassword, own: Deposit | null): boolean {
  if (own !== null && own.deviceId !== null && other.deviceId !== null) return own.deviceId === other.deviceId;
  const name = own?.deviceName ?? deviceName;
  if (name !== null && other.deviceName !== null) return name.toLowerCase() === other.deviceName.toLowerCase();
  return other.protectorId === protectorId;
}

/** The entry by which somebody says that these passwords open nothing any more, though no export has shown it. */
export function rotatedEntry(due: readonly Due[], reason: string, actor: string, commandId: string): NewEntry {
  const depositIds = due.map(({ depositId }) => depositId);
  const protectorIds = due.map(({ protectorId }) => protectorId);
  const deviceName = due[0] === undefined ? null : nameOf(due[0]);
  const body = { type: "key.rotated", deviceName, reason, protectorIds, depositIds } as const;
  return { body, actor, commandId: `rotated:${commandId}` };
}

/** The best name there is for the device that the password belongs to, or null. */
export function nameOf({ deposit, deviceName }: Due): string | null {
  return deposit?.deviceName ?? deviceName;
}
