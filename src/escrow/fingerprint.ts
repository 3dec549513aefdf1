import { createHmac } from "node:crypto";
import type { RecoveryPassword } from "../bitlocker/recovery-password.ts";
import { bareName } from "../fleet/device-name.ts";
import { type Guid, guidFromBytes } from "../wire/guid.ts";
import type { NewDeposit } from "./deposit.ts";

/**
 * Tells "the same password again" from "another one" while the vault is sealed: 64 hex digits. A recovery password is 128
 * random bits, so a keyed hash of it gives a thief nothing to try.
 */
export function fingerprintOf(key: Uint8Array, protectorId: Guid, password: RecoveryPassword): string {
  return createHmac("sha256", key).update(protectorId).update(password.key.reveal()).digest("hex");
}

/**
 * What stands for the key protector ID of a deposit that has none: the same for the same password of the same device,
 * and with its first 8 characters where those are known.
 */
export function standInFor(key: Uint8Array, { password, deviceName, serial, partialId }: NewDeposit): Guid {
  const device = `${bareName(deviceName ?? "")}/${(serial ?? "").toLowerCase()}`;
  const digest = createHmac("sha256", key).update(`no ID: ${device}/`).update(password.key.reveal()).digest();
  const id = guidFromBytes(digest.subarray(0, 16));
  return (partialId ? partialId + id.slice(8) : id) as Guid;
}
