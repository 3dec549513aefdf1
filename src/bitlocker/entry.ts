import { ByteReader, ByteWriter } from "../wire/bytes.ts";
import { MalformedError } from "../wire/malformed.ts";
import { ENTRY_HEADER_BYTES } from "./registry.ts";

/** One entry of FVE metadata or of a .BEK file: `{size u16, entry type u16, value type u16, version u16}`, a value. */
export interface FveEntry {
  readonly entryType: number;
  readonly valueType: number;
  readonly value: Uint8Array;
}

/**
 * All entries in `bytes`, in order. A size of zero ends the list early (zero padding up to a multiple of 16); a size
 * that is smaller than an entry's header or reaches past the end is MalformedError.
 */
export function decodeEntries(bytes: Uint8Array): FveEntry[] {
  const reader = new ByteReader(bytes);
  const entries: FveEntry[] = [];
  while (reader.remaining >= 2) {
    const start = reader.offset;
    const size = reader.u16le();
    if (size === 0) break;
    if (size < ENTRY_HEADER_BYTES) throw new MalformedError(`FVE entry of ${size} bytes`, start);
    const entryType = reader.u16le();
    const valueType = reader.u16le();
    reader.u16le();
    entries.push({ entryType, valueType, value: reader.take(size - ENTRY_HEADER_BYTES) });
  }
  return entries;
}

export function encodeEntry(entryType: number, valueType: number, value: Uint8Array, version = 1): Uint8Array {
  const size = ENTRY_HEADER_BYTES + value.length;
  return new ByteWriter(size).u16le(size).u16le(entryType).u16le(valueType).u16le(version).put(value).done();
}

/** UTF-16LE with its closing NUL, as descriptions are kept. */
export function encodeText(text: string): Uint8Array {
  return Buffer.from(`${text}\0`, "utf16le");
}

export function decodeText(value: Uint8Array): string {
  const even = value.subarray(0, value.length & ~1);
  return Buffer.from(even).toString("utf16le").replace(/\0.*$/s, "");
}
