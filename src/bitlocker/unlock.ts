import { timingSafeEqual } from "node:crypto";
import type { Guid } from "../wire/guid.ts";
import type { Secret } from "../wire/secret.ts";
import { stretchRecoveryPassword } from "./key-stretch.ts";
import type { FveMetadata } from "./metadata.ts";
import type { KeyProtector } from "./protector.ts";
import type { RecoveryPassword } from "./recovery-password.ts";
import { XTS_METHOD_NUMBER, type XtsMethod } from "./registry.ts";
import { openKey } from "./sealed-key.ts";
import type { StartupKey } from "./startup-key.ts";

/** What somebody holds to open a volume. A clear key lies in the volume itself while BitLocker is suspended. */
export type Opener =
  | { readonly type: "recovery-password"; readonly password: RecoveryPassword }
  | { readonly type: "startup-key"; readonly startupKey: StartupKey }
  | { readonly type: "clear-key" };

/** The volume master key (32 bytes) and the protector that gave it. */
export interface OpenedVmk {
  readonly unlocked: true;
  readonly protectorId: Guid;
  readonly vmk: Secret<Uint8Array>;
}

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

/**
 * `wrong-key`: no protector of the kind opens with it. `no-such-protector`: the volume has none of the kind.
 * `metadata-altered`: the key is right, but the metadata is not what was sealed under it. `method-unsupported`: the
 * volume is encrypted with something else than AES-XTS.
 */
export interface UnlockRefused {
  readonly unlocked: false;
  readonly reason: "wrong-key" | "no-such-protector" | "metadata-altered" | "method-unsupported";
}

/** A recovery password is tried on every protector of its kind: about a second for each. */
export function unlockWithRecoveryPassword(
  metadata: FveMetadata,
  password: RecoveryPassword,
): Unlocked | UnlockRefused {
  return unlock(metadata, { type: "recovery-password", password });
}

export function unlock(metadata: FveMetadata, opener: Opener): Unlocked | UnlockRefused {
  const opened = openVmk(metadata, opener);
  return opened.unlocked ? openFvek(metadata, opened) : opened;
}

/** The VMK alone, whatever the volume is encrypted with. */
export function openVmk(metadata: FveMetadata, opener: Opener): OpenedVmk | UnlockRefused {
  const candidates = metadata.protectors.filter((protector) => protector.type === opener.type);
  if (candidates.length === 0) return { unlocked: false, reason: "no-such-protector" };
  for (const protector of candidates) {
    const key = sealingKey(protector, opener);
    const vmk = key && protector.sealedVmk && openKey(key, protector.sealedVmk);
    if (!vmk) continue;
    if (!isAuthentic(metadata, vmk.reveal())) return { unlocked: false, reason: "metadata-altered" };
    return { unlocked: true, protectorId: protector.protectorId, vmk };
  }
  return { unlocked: false, reason: "wrong-key" };
}

function sealingKey(protector: KeyProtector, opener: Opener): Uint8Array | null {
  if (opener.type === "clear-key") return protector.clearKey?.reveal() ?? null;
  if (opener.type === "startup-key")
    return opener.startupKey.protectorId === protector.protectorId ? opener.startupKey.key.reveal() : null;
  return protector.salt && stretchRecoveryPassword(opener.password, protector.salt);
}

/** True if the block is the one that was sealed, or if the volume carries no seal of it. */
function isAuthentic(metadata: FveMetadata, vmk: Uint8Array): boolean {
  if (metadata.sealedValidation === null) return true;
  const sealed = openKey(vmk, metadata.sealedValidation)?.reveal();
  return sealed?.length === metadata.blockSha256.length && timingSafeEqual(sealed, metadata.blockSha256);
}

function openFvek(metadata: FveMetadata, { protectorId, vmk }: OpenedVmk): Unlocked | UnlockRefused {
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
