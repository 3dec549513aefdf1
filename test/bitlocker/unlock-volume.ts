import type { FveMetadata } from "../../src/bitlocker/metadata.ts";
import type { RecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import { XTS_METHOD_NUMBER, type XtsMethod } from "../../src/bitlocker/registry.ts";
import { openKey } from "../../src/bitlocker/sealed-key.ts";
import { type OpenedVmk, type Opener, openVmk, type UnlockRefused } from "../../src/bitlocker/unlock.ts";
import type { Guid } from "../../src/wire/guid.ts";
import type { Secret } from "../../src/wire/secret.ts";

/** The full volume encryption key: what the volume's sectors are encrypted with. */
export interface Fvek {
  readonly method: XtsMethod;
  /** Data key and tweak key together: 32 bytes for AES-128, 64 for AES-256. */
  readonly key: Secret<Uint8Array>;
}

export interface Unlocked {
  readonly unlocked: true;
  readonly protectorId: Guid;
  readonly fvek: Fvek;
}

/** As for the VMK; `method-unsupported`: the volume is encrypted with something else than AES-XTS. */
export type VolumeRefused = UnlockRefused | { readonly unlocked: false; readonly reason: "method-unsupported" };

/** A recovery password is tried on every protector of its kind: about a second for each. */
export function unlockWithRecoveryPassword(
  metadata: FveMetadata,
  password: RecoveryPassword,
): Unlocked | VolumeRefused {
  return unlock(metadata, { type: "recovery-password", password });
}

export function unlock(metadata: FveMetadata, opener: Opener): Unlocked | VolumeRefused {
  const opened = openVmk(metadata, opener);
  return opened.unlocked ? openFvek(metadata, opened) : opened;
}

function openFvek(metadata: FveMetadata, { protectorId, vmk }: OpenedVmk): Unlocked | VolumeRefused {
  const { method, sealedFvek } = metadata;
  if (!isXts(method)) return { unlocked: false, reason: "method-unsupported" };
  const key = sealedFvek && openKey(vmk.reveal(), sealedFvek);
  const bytes = method === "aes-xts-128" ? 32 : 64;
  if (key?.reveal().length !== bytes) return { unlocked: false, reason: "metadata-altered" };
  return { unlocked: true, protectorId, fvek: { method, key } };
}

function isXts(method: FveMetadata["method"]): method is XtsMethod {
  return Object.hasOwn(XTS_METHOD_NUMBER, method);
}
