import { ByteReader, ByteWriter } from "../wire/bytes.ts";
import { type Guid, guidFromBytes, guidToBytes } from "../wire/guid.ts";
import { MalformedError } from "../wire/malformed.ts";
import { Secret } from "../wire/secret.ts";
import { decodeEntries, encodeEntry, encodeText } from "./entry.ts";
import { filetimeFromUnix } from "./filetime.ts";
import { DATASET_HEADER_BYTES, EntryType, KeyUse, ValueType } from "./registry.ts";
import { decodeKeyValue, keyValue } from "./vmk-entry.ts";

/** A startup key: what lies in a .BEK file on a USB stick. Windows names the file after the key protector ID. */
export interface StartupKey {
  readonly protectorId: Guid;
  /** 32 bytes. */
  readonly key: Secret<Uint8Array>;
}

/** The 156 bytes of a .BEK file: a dataset header with the key protector ID, and one external key entry. */
export function encodeStartupKey({ protectorId, key }: StartupKey, created: number): Secret<Uint8Array> {
  const guid = guidToBytes(protectorId);
  const time = filetimeFromUnix(created);
  const external = new ByteWriter().put(guid).u64le(time);
  external.put(encodeEntry(EntryType.property, ValueType.text, encodeText("ExternalKey")));
  external.put(encodeEntry(EntryType.property, ValueType.key, keyValue(KeyUse.external, key.reveal())));
  const entry = encodeEntry(EntryType.startupKey, ValueType.externalKey, external.done());
  const size = DATASET_HEADER_BYTES + entry.length;
  const file = new ByteWriter(size).u32le(size).u32le(1).u32le(DATASET_HEADER_BYTES).u32le(size);
  return new Secret(file.put(guid).u32le(1).u32le(0).u64le(time).put(entry).done());
}

/** Reads a .BEK file; anything else is MalformedError. */
export function decodeStartupKey(file: Uint8Array): StartupKey {
  const reader = new ByteReader(file);
  const size = reader.u32le();
  reader.u32le();
  const headerSize = reader.u32le();
  if (size > file.length || headerSize !== DATASET_HEADER_BYTES) throw new MalformedError("not a .BEK file");
  const entries = decodeEntries(file.subarray(headerSize, size));
  const external = entries.find((entry) => entry.valueType === ValueType.externalKey);
  if (external === undefined) throw new MalformedError(".BEK file without an external key", headerSize);
  const value = new ByteReader(external.value);
  const protectorId = guidFromBytes(value.take(16));
  value.u64le();
  const parts = decodeEntries(value.take(value.remaining));
  const key = parts.find((part) => part.valueType === ValueType.key);
  if (key === undefined) throw new MalformedError(".BEK file without a key", headerSize);
  return { protectorId, key: new Secret(decodeKeyValue(key.value).slice()) };
}
