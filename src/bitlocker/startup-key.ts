import { ByteWriter } from "../wire/bytes.ts";
import { type Guid, guidToBytes } from "../wire/guid.ts";
import { Secret } from "../wire/secret.ts";
import { encodeEntry, encodeText } from "./entry.ts";
import { filetimeFromUnix } from "./filetime.ts";
import { DATASET_HEADER_BYTES, EntryType, KeyUse, ValueType } from "./registry.ts";
import { keyValue } from "./vmk-entry.ts";

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
