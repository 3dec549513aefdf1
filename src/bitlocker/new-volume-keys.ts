import { ByteWriter } from "../wire/bytes.ts";
import { type Guid, guidFromBytes } from "../wire/guid.ts";
import { Secret } from "../wire/secret.ts";
import { filetimeFromUnix } from "./filetime.ts";
import { stretchRecoveryPassword } from "./key-stretch.ts";
import type { ProtectorType } from "./protector.ts";
import type { RecoveryPassword } from "./recovery-password.ts";
import { KeyUse, XTS_METHOD_NUMBER, type XtsMethod } from "./registry.ts";
import { type SealedKey, sealKey } from "./sealed-key.ts";
import type { StartupKey } from "./startup-key.ts";
import { encodeProtector } from "./vmk-entry.ts";

/** A way in that a new volume shall have. */
export type NewProtector =
  | { readonly type: "recovery-password"; readonly password: RecoveryPassword }
  | { readonly type: "startup-key" }
  | { readonly type: "clear-key" };

/** `n` random bytes; a seeded one makes the written volume the same bytes again. */
export type RandomBytes = (length: number) => Uint8Array;

export interface WrittenProtector {
  readonly protectorId: Guid;
  readonly type: ProtectorType;
  /** Of a startup key protector only. */
  readonly startupKey?: StartupKey;
}

/** A new volume's keys and the metadata entries that seal them. */
export interface NewVolumeKeys {
  readonly protectors: readonly WrittenProtector[];
  readonly protectorEntries: readonly Uint8Array[];
  readonly fvek: Uint8Array;
  readonly sealedFvek: SealedKey;
  /** Seals the metadata block's hash under the VMK. */
  sealValidation(sha256: Uint8Array): SealedKey;
  /** The counter the next nonce would take. */
  nextNonce(): number;
}

/** Makes VMK and FVEK and seals the VMK once per protector: about a second for each recovery password. */
export function newVolumeKeys(
  wanted: readonly NewProtector[],
  method: XtsMethod,
  created: number,
  random: RandomBytes,
): NewVolumeKeys {
  let counter = 1;
  // As Windows does: FILETIME and a counter, so that no nonce serves twice.
  const nonce = () => new ByteWriter(12).u64le(filetimeFromUnix(created)).u32le(counter++).done();
  const vmk = random(32);
  const fvek = random(method === "aes-xts-128" ? 32 : 64);
  const protectors: WrittenProtector[] = [];
  const protectorEntries: Uint8Array[] = [];
  for (const protector of wanted) {
    const protectorId = randomGuid(random);
    const seal = (key: Uint8Array) => sealKey(key, vmk, KeyUse.vmk, 1, nonce());
    const base = { protectorId, type: protector.type, changed: created };
    if (protector.type === "recovery-password") {
      const salt = random(16);
      const sealedVmk = seal(stretchRecoveryPassword(protector.password, salt));
      protectorEntries.push(encodeProtector({ ...base, salt, sealedVmk }));
      protectors.push({ protectorId, type: protector.type });
      continue;
    }
    const key = random(32);
    const isClear = protector.type === "clear-key";
    protectorEntries.push(encodeProtector({ ...base, ...(isClear && { clearKey: key }), sealedVmk: seal(key) }));
    const startupKey = { protectorId, key: new Secret(key) };
    protectors.push({ protectorId, type: protector.type, ...(!isClear && { startupKey }) });
  }
  return {
    protectors,
    protectorEntries,
    fvek,
    sealedFvek: sealKey(vmk, fvek, XTS_METHOD_NUMBER[method], 1, nonce()),
    sealValidation: (sha256) => sealKey(vmk, sha256, KeyUse.validation, 1, nonce()),
    nextNonce: () => counter,
  };
}

/** A version 4 GUID (RFC 9562). Version and variant sit in bytes 7 and 8 of the mixed-endian form. */
export function randomGuid(random: RandomBytes): Guid {
  const bytes = random(16).slice();
  bytes[7] = (bytes[7]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return guidFromBytes(bytes);
}
