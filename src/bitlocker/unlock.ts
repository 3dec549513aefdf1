import { timingSafeEqual } from "node:crypto";
import type { Guid } from "../wire/guid.ts";
import type { Secret } from "../wire/secret.ts";
import { stretchRecoveryPassword } from "./key-stretch.ts";
import type { FveMetadata } from "./metadata.ts";
import type { KeyProtector } from "./protector.ts";
import type { RecoveryPassword } from "./recovery-password.ts";
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

/**
 * `wrong-key`: no protector of the kind opens with it. `no-such-protector`: the volume has none of the kind.
 * `metadata-altered`: the key is right, but the metadata is not what was sealed under it.
 */
export interface UnlockRefused {
  readonly unlocked: false;
  readonly reason: "wrong-key" | "no-such-protector" | "metadata-altered";
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
