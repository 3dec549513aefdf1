import { decodeEntries } from "../../src/bitlocker/entry.ts";
import { DATASET_HEADER_BYTES, ValueType } from "../../src/bitlocker/registry.ts";
import type { StartupKey } from "../../src/bitlocker/startup-key.ts";
import { decodeKeyValue } from "../../src/bitlocker/vmk-entry.ts";
import { ByteReader } from "../../src/wire/bytes.ts";
import { guidFromBytes } from "../../src/wire/guid.ts";
import { MalformedError } from "../../src/wire/malformed.ts";
import { Secret } from "../../src/wire/secret.ts";

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
