import { crc32 } from "node:zlib";
import { ByteWriter } from "../../wire/bytes.ts";
import { type Guid, guidToBytes } from "../../wire/guid.ts";

/** Partition types (UEFI 2.10 section 5.3.3; Microsoft's are in its PARTITION_INFORMATION_GPT document). */
export const PartitionType = {
  efiSystem: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B" as Guid,
  microsoftReserved: "E3C9E316-0B5C-4DB8-817D-F92DF00215AE" as Guid,
  basicData: "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7" as Guid,
} as const;

export interface GptPartition {
  readonly type: Guid;
  readonly id: Guid;
  readonly name: string;
  /** Bytes from the start of the disk, and length; both multiples of 512. */
  readonly offset: number;
  readonly bytes: number;
  /** Marked for the boot code of a legacy BIOS (UEFI 2.10 table 5.8, attribute 2). */
  readonly legacyBoot?: boolean;
}

/** What a GPT puts at a disk's start (protective MBR, header, entries) and end (entries, header). */
interface Gpt {
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
}

const SECTOR = 512;
const ENTRIES = 128;
const ENTRY_BYTES = 128;
const HEADER_BYTES = 92;
const ENTRY_SECTORS = (ENTRIES * ENTRY_BYTES) / SECTOR;
/** Sectors at each end of the disk that no partition may use. */
const GPT_SECTORS = 2 + ENTRY_SECTORS;

/** A GPT for 512-byte sectors (UEFI 2.10 section 5.3). Partitions in the order of their numbers. */
export function encodeGpt(diskBytes: number, diskId: Guid, partitions: readonly GptPartition[]): Gpt {
  const sectors = diskBytes / SECTOR;
  const entries = new ByteWriter(ENTRIES * ENTRY_BYTES);
  for (const partition of partitions) entries.put(encodeEntry(partition));
  const table = entries.zeros(ENTRIES * ENTRY_BYTES - entries.length).done();
  const last = sectors - 1;
  const header = (at: number, other: number, tableAt: number) =>
    encodeHeader({ at, other, tableAt, lastUsable: sectors - GPT_SECTORS, diskId, tableCrc: crc32(table) });
  const head = new ByteWriter()
    .put(protectiveMbr(sectors))
    .put(header(1, last, 2))
    .put(table)
    .done();
  const tail = new ByteWriter()
    .put(table)
    .put(header(last, 1, last - ENTRY_SECTORS))
    .done();
  return { head, tail };
}

function encodeEntry({ type, id, name, offset, bytes, legacyBoot }: GptPartition): Uint8Array {
  const writer = new ByteWriter(ENTRY_BYTES).put(guidToBytes(type)).put(guidToBytes(id));
  writer
    .u64le(BigInt(offset / SECTOR))
    .u64le(BigInt((offset + bytes) / SECTOR - 1))
    .u64le(legacyBoot ? 4n : 0n);
  writer.put(Buffer.from(name.slice(0, 36), "utf16le"));
  return writer.zeros(ENTRY_BYTES - writer.length).done();
}

interface Header {
  readonly at: number;
  readonly other: number;
  readonly tableAt: number;
  readonly lastUsable: number;
  readonly diskId: Guid;
  readonly tableCrc: number;
}

function encodeHeader({ at, other, tableAt, lastUsable, diskId, tableCrc }: Header): Uint8Array {
  const build = (crc: number) => {
    const writer = new ByteWriter(SECTOR).put(Buffer.from("EFI PART")).u32le(0x10000).u32le(HEADER_BYTES).u32le(crc);
    writer.u32le(0).u64le(BigInt(at)).u64le(BigInt(other)).u64le(BigInt(GPT_SECTORS)).u64le(BigInt(lastUsable));
    return writer.put(guidToBytes(diskId)).u64le(BigInt(tableAt)).u32le(ENTRIES).u32le(ENTRY_BYTES).u32le(tableCrc);
  };
  // The header's CRC is taken with its own field zero.
  const header = build(crc32(build(0).done()));
  return header.zeros(SECTOR - HEADER_BYTES).done();
}

/** One MBR partition of type EEh over the whole disk, so that old tools keep their hands off. */
function protectiveMbr(sectors: number): Uint8Array {
  const writer = new ByteWriter(SECTOR).zeros(446);
  writer
    .put(Uint8Array.of(0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff))
    .u32le(1)
    .u32le(Math.min(sectors - 1, 0xffffffff));
  return writer
    .zeros(SECTOR - 2 - writer.length)
    .u8(0x55)
    .u8(0xaa)
    .done();
}
