import type { ReadAt, WriteAt } from "../../bitlocker/read-at.ts";
import { ByteReader } from "../../wire/bytes.ts";
import { MalformedError } from "../../wire/malformed.ts";

// The MFT record of $Volume, and its attribute $VOLUME_INFORMATION.
const VOLUME_RECORD = 3;
const VOLUME_INFORMATION = 0x70;
const END_OF_ATTRIBUTES = 0xffffffff;
const FLAGS_AT = 10;
export const NTFS_DIRTY = 1;

/** Marks an NTFS as not cleanly unmounted, as a bugcheck leaves it: in $MFT and in its mirror, which must agree. */
export function setNtfsDirty(read: ReadAt, write: WriteAt): void {
  for (const place of ntfsFlagPlaces(read)) write(place, Uint8Array.of(read(place, 1)[0]! | NTFS_DIRTY));
}

/** Where the low byte of the volume flags lies: in the MFT, then in the MFT's mirror. Bit 0 (NTFS_DIRTY) is "not cleanly unmounted". */
export function ntfsFlagPlaces(read: ReadAt): number[] {
  const boot = read(0, 512);
  const reader = new ByteReader(boot, 3);
  if (Buffer.from(reader.take(8)).toString("latin1") !== "NTFS    ") throw new MalformedError("not an NTFS volume", 3);
  const sectorBytes = reader.u16le();
  const clusterBytes = sectorBytes * reader.u8();
  reader.offset = 48;
  const tables = [reader.u64le(), reader.u64le()];
  // Clusters per MFT record; negative means two to the power of that many bytes.
  const size = (reader.u8() << 24) >> 24;
  const recordBytes = size > 0 ? size * clusterBytes : 2 ** -size;
  return tables.map((cluster) => {
    const record = Number(cluster) * clusterBytes + VOLUME_RECORD * recordBytes;
    return record + flagsInRecord(read(record, recordBytes));
  });
}

function flagsInRecord(record: Uint8Array): number {
  const reader = new ByteReader(record);
  if (Buffer.from(reader.take(4)).toString("latin1") !== "FILE") throw new MalformedError("no MFT record of $Volume");
  reader.offset = 20;
  for (let at = reader.u16le(); ; ) {
    reader.offset = at;
    const type = reader.u32le();
    const length = reader.u32le();
    if (type === END_OF_ATTRIBUTES || length === 0) throw new MalformedError("$Volume without volume information", at);
    reader.offset = at + 20;
    if (type === VOLUME_INFORMATION) return at + reader.u16le() + FLAGS_AT;
    at += length;
  }
}
