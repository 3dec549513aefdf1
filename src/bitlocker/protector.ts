import type { Guid } from "../wire/guid.ts";
import type { Secret } from "../wire/secret.ts";
import type { SealedKey } from "./sealed-key.ts";

/** What opens a key protector, in the words of the agent protocol. */
export type ProtectorType =
  | "recovery-password"
  | "tpm"
  | "tpm-pin"
  | "startup-key"
  | "password"
  | "clear-key"
  | "other";

/** Numbers of the protection types that have a word. Others (TPM + startup key, smart card, ...) are `other`. */
export const PROTECTION_NUMBER = {
  "clear-key": 0x0000,
  tpm: 0x0100,
  "startup-key": 0x0200,
  "tpm-pin": 0x0500,
  "recovery-password": 0x0800,
  password: 0x2000,
} as const satisfies Partial<Record<ProtectorType, number>>;

export function protectorType(number: number): ProtectorType {
  const found = Object.entries(PROTECTION_NUMBER).find(([, known]) => known === number);
  return found === undefined ? "other" : (found[0] as ProtectorType);
}

/** One way to the volume master key (VMK), as the volume's metadata lists it. */
export interface KeyProtector {
  /** Shown by Windows' recovery screen as "Recovery key ID". */
  readonly protectorId: Guid;
  readonly type: ProtectorType;
  /** The number behind `type`. */
  readonly protection: number;
  /** When the protector was last changed, Unix seconds; 0 if the volume does not say. */
  readonly changed: number;
  /** Salt of the key stretch (recovery password, password); null for the others. */
  readonly salt: Uint8Array | null;
  /** The VMK, sealed under this protector's key; null for a TPM's own sealing. */
  readonly sealedVmk: SealedKey | null;
  /** The key that lies in the open while BitLocker is suspended; null for the others. */
  readonly clearKey: Secret<Uint8Array> | null;
}
