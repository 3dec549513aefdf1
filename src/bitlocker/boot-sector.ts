import { ByteReader, ByteWriter } from "../wire/bytes.ts";
import { type Guid, guidFromBytes, guidToBytes } from "../wire/guid.ts";
import { MalformedError } from "../wire/malformed.ts";
import type { ReadAt } from "./read-at.ts";
import {
  BOOT_SECTOR_BYTES,
  FVE_SIGNATURE,
  LAYOUT_ENCRYPT_ON_WRITE,
  LAYOUT_GUID_AT,
  LAYOUT_NORMAL,
  METADATA_BLOCKS,
  SECTOR_SIZE_AT,
  TO_GO_LAYOUT_GUID_AT,
  TO_GO_SIGNATURE,
} from "./registry.ts";

/** The first sector of a BitLocker volume. */
export interface BootSector {
  readonly layout: "normal" | "encrypt-on-write" | "unknown";
  readonly sectorBytes: number;
  /** Offsets of the three metadata blocks from the start of the volume. */
  readonly metadataOffsets: readonly number[];
}

// x86 jump over the BIOS parameter block: 58h from Windows 7 on, 52h in Windows Vista's version 1 layout.
const JUMP = 0xeb;
const JUMP_VISTA = 0x52;

/** True if a volume's first sector carries a BitLocker signature. Looks at 11 bytes only. */
export function isBitLocker(firstSector: Uint8Array): boolean {
  return startsAt3(firstSector, FVE_SIGNATURE) || isToGo(firstSector);
}

export function readBootSector(read: ReadAt): BootSector {
  const sector = read(0, BOOT_SECTOR_BYTES);
  if (sector.length < BOOT_SECTOR_BYTES) throw new MalformedError("the volume is shorter than a sector");
  if (!isBitLocker(sector)) throw new MalformedError("not a BitLocker volume: no -FVE-FS- signature", 3);
  if (sector[0] === JUMP && sector[1] === JUMP_VISTA)
    throw new MalformedError("BitLocker of Windows Vista (version 1) is not read", 1);
  const reader = new ByteReader(sector, isToGo(sector) ? TO_GO_LAYOUT_GUID_AT : LAYOUT_GUID_AT);
  const layout = layoutOf(guidFromBytes(reader.take(16)));
  const metadataOffsets = Array.from({ length: METADATA_BLOCKS }, () => offsetOf(reader));
  // Zero is written by Windows 10 1903 on exFAT; it means 512.
  const sectorBytes = new ByteReader(sector, SECTOR_SIZE_AT).u16le() || 512;
  if (sectorBytes !== 512 && sectorBytes !== 4096)
    throw new MalformedError(`sectors of ${sectorBytes} bytes`, SECTOR_SIZE_AT);
  return { layout, sectorBytes, metadataOffsets };
}

/** A first sector as Windows 7 and later write it, without boot code. */
export function encodeBootSector(metadataOffsets: readonly number[]): Uint8Array {
  const writer = new ByteWriter(BOOT_SECTOR_BYTES).u8(JUMP).u8(0x58).u8(0x90).put(FVE_SIGNATURE);
  // BIOS parameter block: sector size, sectors per cluster, and the media descriptor of a fixed disk at 21.
  writer.u16le(BOOT_SECTOR_BYTES).u8(8).zeros(7).u8(0xf8);
  writer.zeros(LAYOUT_GUID_AT - writer.length).put(guidToBytes(LAYOUT_NORMAL as Guid));
  for (const offset of metadataOffsets) writer.u64le(BigInt(offset));
  return writer
    .zeros(BOOT_SECTOR_BYTES - 2 - writer.length)
    .u8(0x55)
    .u8(0xaa)
    .done();
}

/** A u64 offset as a number: what is past 2^53 is no place on a disk. */
export function offsetOf(reader: ByteReader): number {
  const at = reader.offset;
  const offset = reader.u64le();
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) throw new MalformedError("offset past any disk's end", at);
  return Number(offset);
}

function layoutOf(guid: Guid): BootSector["layout"] {
  if (guid === LAYOUT_NORMAL) return "normal";
  return guid === LAYOUT_ENCRYPT_ON_WRITE ? "encrypt-on-write" : "unknown";
}

function isToGo(sector: Uint8Array): boolean {
  if (!startsAt3(sector, TO_GO_SIGNATURE) || sector.length < TO_GO_LAYOUT_GUID_AT + 16) return false;
  // MSWIN4.1 alone is any FAT volume of that time: only the layout's GUID makes it BitLocker To Go.
  const guid = guidFromBytes(sector.subarray(TO_GO_LAYOUT_GUID_AT, TO_GO_LAYOUT_GUID_AT + 16));
  return layoutOf(guid) !== "unknown";
}

function startsAt3(sector: Uint8Array, signature: Uint8Array): boolean {
  return signature.every((byte, index) => sector[3 + index] === byte);
}
