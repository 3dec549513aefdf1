import { parseRecoveryPassword } from "../bitlocker/recovery-password.ts";
import { deviceNameOf } from "../escrow/device-name.ts";
import type { ExportRow, Reject, RejectReason } from "../escrow/export-row.ts";
import { type Guid, guidFromBytes, parseGuid } from "../wire/guid.ts";
import { MalformedError } from "../wire/malformed.ts";
import { parseGeneralizedTime } from "./generalized-time.ts";

/**
 * One `msFVE-RecoveryInformation` object: a child of the computer it belongs to, named
 * `CN=<ISO time>{<key protector ID>}`. Windows adds one for every protector and never takes an old one away.
 */
export interface RecoveryObject {
  readonly dn: string;
  /** `msFVE-RecoveryPassword`; null where the directory does not show it to this account. */
  readonly password: string | null;
  /** `msFVE-RecoveryGuid`, 16 bytes, mixed-endian. */
  readonly guid: Uint8Array | null;
  /** `whenCreated`, GeneralizedTime. */
  readonly whenCreated: string | null;
}

/** The attributes to ask for. The volume's GUID and key package are left in the directory: a rescue needs neither. */
export const RECOVERY_ATTRIBUTES = ["msFVE-RecoveryPassword", "msFVE-RecoveryGuid", "whenCreated"] as const;

/** The deposit of an object, or why there is none in it. */
export function recordRow(object: RecoveryObject): ExportRow["row"] {
  const protectorId = protectorIdOf(object);
  const reject = (reason: RejectReason, detail: string): Reject => ({ reason, detail, protectorId });
  if (protectorId === null)
    return reject("bad-protector-id", "neither msFVE-RecoveryGuid nor the object's name is a key protector ID");
  if (object.password === null || object.password === "")
    return reject("no-password", "the directory does not show its msFVE-RecoveryPassword to this account");
  try {
    return {
      protectorId,
      password: parseRecoveryPassword(object.password),
      deviceName: computerOf(object.dn),
      directory: "ActiveDirectory",
      deviceId: null,
      volumeType: null,
      createdAt: object.whenCreated === null ? null : parseGeneralizedTime(object.whenCreated),
    };
  } catch (error) {
    if (error instanceof MalformedError) return reject("bad-password", error.what.replace(/^recovery password: /, ""));
    throw error;
  }
}

/** The attribute is what Windows shows on its recovery screen; the name is a copy of it, and a person can rename. */
function protectorIdOf({ guid, dn }: RecoveryObject): Guid | null {
  if (guid?.length === 16) return guidFromBytes(guid);
  const braces = /^CN=(?:\\.|[^\\,])*(\{[0-9a-f-]{36}\})/i.exec(dn)?.[1];
  try {
    return braces === undefined ? null : parseGuid(braces);
  } catch {
    return null;
  }
}

/** The second RDN of the object's distinguished name (RFC 4514: commas inside a name are escaped). */
export function computerOf(dn: string): string | null {
  const parent = /^(?:\\.|[^\\,])*,\s*(CN=.*)$/is.exec(dn)?.[1];
  return parent === undefined ? null : deviceNameOf(parent);
}
