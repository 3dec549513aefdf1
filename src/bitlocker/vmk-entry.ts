import { ByteReader, ByteWriter } from "../wire/bytes.ts";
import { type Guid, guidFromBytes, guidToBytes } from "../wire/guid.ts";
import { Secret } from "../wire/secret.ts";
import { decodeEntries, encodeEntry, type FveEntry } from "./entry.ts";
import { filetimeFromUnix, unixFromFiletime } from "./filetime.ts";
import { type KeyProtector, PROTECTION_NUMBER, protectorType } from "./protector.ts";
import { EntryType, KeyUse, ValueType } from "./registry.ts";
import { decodeSealedKey, encodeSealedKey, type SealedKey } from "./sealed-key.ts";

const SALT_BYTES = 16;

/** A VMK entry: GUID, FILETIME, u16, protection u16, then entries of its own. */
export function decodeProtector(entry: FveEntry): KeyProtector {
  const reader = new ByteReader(entry.value);
  const protectorId = guidFromBytes(reader.take(16));
  const changed = unixFromFiletime(reader.u64le());
  reader.u16le();
  const protection = reader.u16le();
  const parts = decodeEntries(reader.take(reader.remaining));
  const part = (valueType: number) => parts.find((each) => each.valueType === valueType)?.value;
  const stretch = part(ValueType.stretchKey);
  const sealed = part(ValueType.aesCcm);
  const key = protection === PROTECTION_NUMBER["clear-key"] ? part(ValueType.key) : undefined;
  return {
    protectorId,
    type: protectorType(protection),
    protection,
    changed,
    salt: stretch === undefined ? null : decodeSalt(stretch),
    sealedVmk: sealed === undefined ? null : decodeSealedKey(sealed),
    clearKey: key === undefined ? null : new Secret(decodeKeyValue(key)),
  };
}

/** What a VMK entry is made of when a volume is written. */
interface NewProtectorEntry {
  readonly protectorId: Guid;
  readonly type: keyof typeof PROTECTION_NUMBER;
  readonly changed: number;
  readonly salt?: Uint8Array;
  readonly clearKey?: Uint8Array;
  readonly sealedVmk: SealedKey;
}

export function encodeProtector(protector: NewProtectorEntry): Uint8Array {
  const writer = new ByteWriter();
  writer.put(guidToBytes(protector.protectorId)).u64le(filetimeFromUnix(protector.changed)).u16le(0);
  writer.u16le(PROTECTION_NUMBER[protector.type]);
  const property = (valueType: number, value: Uint8Array) =>
    writer.put(encodeEntry(EntryType.property, valueType, value));
  if (protector.salt) property(ValueType.stretchKey, keyValue(KeyUse.stretched, protector.salt));
  if (protector.clearKey) property(ValueType.key, keyValue(KeyUse.external, protector.clearKey));
  property(ValueType.aesCcm, encodeSealedKey(protector.sealedVmk));
  return encodeEntry(EntryType.vmk, ValueType.vmk, writer.done());
}

/** A `key` value: what it is for (u32), then the key. A stretch key has its salt in the key's place. */
export function keyValue(use: number, key: Uint8Array): Uint8Array {
  return new ByteWriter(4 + key.length).u32le(use).put(key).done();
}

export function decodeKeyValue(value: Uint8Array): Uint8Array {
  const reader = new ByteReader(value);
  reader.u32le();
  return reader.take(reader.remaining);
}

function decodeSalt(value: Uint8Array): Uint8Array {
  const reader = new ByteReader(value);
  reader.u32le();
  return reader.take(SALT_BYTES);
}
