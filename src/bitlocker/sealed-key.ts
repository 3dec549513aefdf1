import { createCipheriv, createDecipheriv } from "node:crypto";
import { ByteReader, ByteWriter } from "../wire/bytes.ts";
import { MalformedError } from "../wire/malformed.ts";
import { Secret } from "../wire/secret.ts";

/** A key sealed under another key with AES-256-CCM, as FVE keeps VMK, FVEK and its validation hash. */
export interface SealedKey {
  /** 12 bytes: FILETIME and a counter in what Windows writes. */
  readonly nonce: Uint8Array;
  /** 16 bytes. */
  readonly mac: Uint8Array;
  readonly ciphertext: Uint8Array;
}

const NONCE_BYTES = 12;
const MAC_BYTES = 16;
const SEALING_KEY_BYTES = 32;
const PACKAGE_HEADER_BYTES = 12;

export function decodeSealedKey(value: Uint8Array): SealedKey {
  const reader = new ByteReader(value);
  const nonce = reader.take(NONCE_BYTES);
  const mac = reader.take(MAC_BYTES);
  const ciphertext = reader.take(reader.remaining);
  if (ciphertext.length <= PACKAGE_HEADER_BYTES) throw new MalformedError("sealed key without a key", reader.offset);
  return { nonce, mac, ciphertext };
}

export function encodeSealedKey({ nonce, mac, ciphertext }: SealedKey): Uint8Array {
  return new ByteWriter(NONCE_BYTES + MAC_BYTES + ciphertext.length).put(nonce).put(mac).put(ciphertext).done();
}

/** Seals `key` for `use` (KeyUse, or the volume's encryption method for a FVEK). A nonce serves once per `under`. */
export function sealKey(
  under: Uint8Array,
  key: Uint8Array,
  use: number,
  version: number,
  nonce: Uint8Array,
): SealedKey {
  const size = PACKAGE_HEADER_BYTES + key.length;
  // The plaintext is itself an entry, of type "property: key", that begins with what the key is for.
  const header = new ByteWriter(PACKAGE_HEADER_BYTES).u16le(size).u16le(0).u16le(1).u16le(version).u32le(use);
  const plaintext = header.put(key).done();
  const cipher = createCipheriv("aes-256-ccm", under, nonce, { authTagLength: MAC_BYTES });
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return { nonce, mac: cipher.getAuthTag(), ciphertext };
}

/** The key, or null if `under` is not what it was sealed with. */
export function openKey(under: Uint8Array, sealed: SealedKey): Secret<Uint8Array> | null {
  if (under.length !== SEALING_KEY_BYTES) return null;
  const decipher = createDecipheriv("aes-256-ccm", under, sealed.nonce, { authTagLength: MAC_BYTES });
  decipher.setAuthTag(sealed.mac);
  let plaintext: Uint8Array;
  try {
    plaintext = decipher.update(sealed.ciphertext);
    decipher.final();
  } catch {
    return null;
  }
  return new Secret(plaintext.subarray(PACKAGE_HEADER_BYTES));
}
