import { createHmac } from "node:crypto";
import type { RecoveryPassword } from "../bitlocker/recovery-password.ts";
import type { Guid } from "../wire/guid.ts";

/**
 * Tells "the same password again" from "another one" while the vault is sealed: 64 hex digits. A recovery password is 128
 * random bits, so a keyed hash of it gives a thief nothing to try.
 */
export function fingerprintOf(key: Uint8Array, protectorId: Guid, password: RecoveryPassword): string {
  return createHmac("sha256", key).update(protectorId).update(password.key.reveal()).digest("hex");
}
