import { parseRecoveryPassword } from "../../../bitlocker/recovery-password.ts";
import { type Guid, parseGuid } from "../../../wire/guid.ts";
import { MalformedError } from "../../../wire/malformed.ts";
import type { VolumeType } from "../../deposit.ts";
import type { ExportRow, Reject, RejectReason } from "../export-row.ts";
import { isRounded, plainText } from "../plain-text.ts";

/** One row as its export writes it; null for what it does not say. */
interface RawRow {
  readonly protectorId: string;
  readonly password: string;
  readonly deviceName: string | null;
  readonly directory: string | null;
  readonly deviceId?: string | null;
  readonly serial?: string | null;
  readonly volumeType?: VolumeType | null;
  /** Milliseconds since 1970 UTC. */
  readonly createdAt?: number | null;
}

/** What the export calls the two that matter, for messages. */
interface Called {
  readonly protectorId: string;
  readonly password: string;
}

/** The row as a deposit, or why it is none. No detail repeats what stands in the row. */
export function rowOf(raw: RawRow, called: Called): ExportRow["row"] {
  const { deviceName, directory, deviceId = null, volumeType = null, createdAt = null } = raw;
  const serial = raw.serial || null;
  const protectorId = guidOrNull(raw.protectorId);
  const reject = (reason: RejectReason, detail: string): Reject => ({ reason, detail, protectorId });
  const partialId = protectorId === null && (deviceName ?? serial) !== null ? partialIdOf(raw.protectorId) : null;
  if (protectorId === null && partialId === null)
    return reject("bad-protector-id", `${called.protectorId} is not a full key protector ID (a GUID)`);
  if ([deviceName, directory, deviceId, serial].some((each) => each !== null && holdsPassword(each)))
    return reject("password-in-wrong-column", "a name in it is what looks like a recovery password");
  const password = plainText(raw.password).trim();
  if (/^(|null|n\/a|#n\/a)$/i.test(password))
    return reject("no-password", `${called.password} is empty or NULL: the export could not read it`);
  if (/^(System|Microsoft)\./i.test(password))
    return reject(
      "object-not-expanded",
      `${called.password} is a PowerShell object's type: several passwords, none of them exported`,
    );
  if (isRounded(password))
    return reject(
      "bad-password",
      "a spreadsheet made a rounded number of it: export it again, and do not open it there",
    );
  try {
    const origin = { deviceName, directory, deviceId: deviceIdOf(deviceId), serial, partialId };
    return { protectorId, password: parseRecoveryPassword(password), ...origin, volumeType, createdAt };
  } catch (error) {
    if (error instanceof MalformedError) return reject("bad-password", error.what.replace(/^recovery password: /, ""));
    throw error;
  }
}

/** Names are stored and shown in the clear, so a row with its columns shifted must not bring a password in as a name. */
export function holdsPassword(cell: string): boolean {
  return /(?:[0-9]{6}[ -]*){4}/.test(cell);
}

/** Of what stands where a key protector ID should: its first 8 characters, "" for nothing, null for something else. */
function partialIdOf(text: string): string | null {
  const bare = text.trim().replace(/^\{?([0-9a-f]{8})(?:-?(?:\.{2,3}|\u2026|\*+|-)?)\}?$/i, "$1");
  if (/^(|-|null|none|n\/a|#n\/a)$/i.test(bare)) return "";
  return /^[0-9a-f]{8}$/i.test(bare) ? bare.toUpperCase() : null;
}

export function guidOrNull(text: string): Guid | null {
  try {
    return parseGuid(text);
  } catch {
    return null;
  }
}

const NO_DEVICE_ID = /^[{}0-]*$/;

/** Entra's ID of a device; null for the zeros that stand where a device has none. */
export function deviceIdOf(text: string | null): string | null {
  return text === null || NO_DEVICE_ID.test(text) ? null : (guidOrNull(text) ?? text);
}

/** Graph's `volumeType`, by number or by name. */
export function volumeTypeOf(text: string): VolumeType | null {
  return VOLUME_TYPES.get(text.trim().toLowerCase()) ?? null;
}

const VOLUME_TYPES: ReadonlyMap<string, VolumeType> = new Map([
  ["1", "os"],
  ["2", "fixed"],
  ["3", "removable"],
  ["operatingsystemvolume", "os"],
  ["fixeddatavolume", "fixed"],
  ["removabledatavolume", "removable"],
]);
