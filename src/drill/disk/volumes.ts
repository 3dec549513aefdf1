import { isBitLocker } from "../../bitlocker/boot-sector.ts";
import type { ReadAt } from "../../bitlocker/read-at.ts";
import { ByteReader } from "../../wire/bytes.ts";

/** A volume that may hold Windows, found on a raw disk image. */
export interface DiskVolume {
  readonly kind: "bitlocker" | "ntfs";
  /** Bytes from the start of the disk, and length. */
  readonly offset: number;
  readonly bytes: number;
}

interface Extent {
  readonly offset: number;
  readonly bytes: number;
}

const MIB = 1024 * 1024;

/**
 * All BitLocker and NTFS volumes of a disk: from its GPT (or the spare one at its end) or MBR; if it has neither, from
 * boot sectors at the disk's start and at every MiB, as an image of a single volume has.
 */
export function findVolumes(read: ReadAt, diskBytes: number): DiskVolume[] {
  const listed = gptExtents(read, diskBytes) ?? mbrExtents(read);
  if (listed.length > 0) return listed.flatMap((extent) => volumeAt(read, extent));
  const found: DiskVolume[] = [];
  for (let offset = 0; offset < diskBytes; offset += MIB) {
    const [volume] = volumeAt(read, { offset, bytes: diskBytes - offset });
    if (volume === undefined) continue;
    found.push(volume);
    if (volume.kind === "bitlocker") break;
    offset = Math.floor((offset + volume.bytes - 1) / MIB) * MIB;
  }
  return found;
}

function volumeAt(read: ReadAt, { offset, bytes }: Extent): DiskVolume[] {
  const sector = read(offset, 512);
  if (sector.length < 512) return [];
  if (isBitLocker(sector)) return [{ kind: "bitlocker", offset, bytes }];
  if (Buffer.from(sector.subarray(3, 11)).toString("latin1") !== "NTFS    ") return [];
  const reader = new ByteReader(sector, 11);
  const sectorBytes = reader.u16le();
  if (sectorBytes < 512) return [];
  reader.offset = 40;
  // NTFS does not count its last sector, the spare boot sector.
  const own = (Number(reader.u64le()) + 1) * sectorBytes;
  return [{ kind: "ntfs", offset, bytes: Math.min(bytes, own) }];
}

/** The partitions of a GPT with sectors of 512 or 4096 bytes; null if there is none. */
function gptExtents(read: ReadAt, diskBytes: number): Extent[] | null {
  for (const sector of [512, 4096])
    for (const header of [sector, diskBytes - sector]) {
      const extents = gptAt(read, header, sector);
      if (extents !== null) return extents;
    }
  return null;
}

function gptAt(read: ReadAt, at: number, sector: number): Extent[] | null {
  const header = at < 0 ? new Uint8Array() : read(at, 92);
  if (header.length < 92 || Buffer.from(header.subarray(0, 8)).toString("latin1") !== "EFI PART") return null;
  const reader = new ByteReader(header, 72);
  const tableAt = Number(reader.u64le()) * sector;
  const count = Math.min(reader.u32le(), 1024);
  const size = reader.u32le();
  if (size < 128 || size > 4096) return null;
  const table = read(tableAt, count * size);
  const extents: Extent[] = [];
  for (let index = 0; (index + 1) * size <= table.length; index++) {
    const entry = new ByteReader(table, index * size);
    if (entry.take(16).every((byte) => byte === 0)) continue;
    entry.take(16);
    const first = Number(entry.u64le());
    extents.push({ offset: first * sector, bytes: (Number(entry.u64le()) - first + 1) * sector });
  }
  return extents;
}

const MBR_TABLE_AT = 446;
const GPT_PROTECTIVE = 0xee;
const EXTENDED: readonly number[] = [0x05, 0x0f, 0x85];

/** The primary partitions of an MBR and the logical ones inside an extended one. */
function mbrExtents(read: ReadAt): Extent[] {
  const extents: Extent[] = [];
  for (const { type, first, count } of mbrEntries(read(0, 512))) {
    if (EXTENDED.includes(type)) extents.push(...logicalExtents(read, first));
    else if (type !== GPT_PROTECTIVE) extents.push({ offset: first * 512, bytes: count * 512 });
  }
  return extents;
}

function logicalExtents(read: ReadAt, base: number): Extent[] {
  const extents: Extent[] = [];
  // Each link is counted from the extended partition; a loop in a damaged chain ends at the limit.
  for (let link = 0, limit = 64; limit > 0; limit--) {
    const [own, next] = mbrEntries(read((base + link) * 512, 512));
    if (own === undefined) break;
    extents.push({ offset: (base + link + own.first) * 512, bytes: own.count * 512 });
    if (next === undefined || !EXTENDED.includes(next.type)) break;
    link = next.first;
  }
  return extents;
}

function mbrEntries(sector: Uint8Array): { type: number; first: number; count: number }[] {
  const signed = sector.length === 512 && sector[510] === 0x55 && sector[511] === 0xaa;
  const isBootSector = signed && (isBitLocker(sector) || /^(NTFS|MSDOS|mkfs)/.test(textAt3(sector)));
  if (!signed || isBootSector) return [];
  const entries = [];
  for (let index = 0; index < 4; index++) {
    const reader = new ByteReader(sector, MBR_TABLE_AT + index * 16 + 4);
    const type = reader.u8();
    reader.take(3);
    const entry = { type, first: reader.u32le(), count: reader.u32le() };
    if (type !== 0 && entry.count > 0) entries.push(entry);
  }
  return entries;
}

function textAt3(sector: Uint8Array): string {
  return Buffer.from(sector.subarray(3, 11)).toString("latin1");
}
