import { crc32 } from "node:zlib";
import { isBitLocker, readBootSector } from "../../../src/bitlocker/boot-sector.ts";
import { readMetadata } from "../../../src/bitlocker/metadata.ts";
import { parseRecoveryPassword } from "../../../src/bitlocker/recovery-password.ts";
import { encodeStartupKey } from "../../../src/bitlocker/startup-key.ts";
import { findVolumes } from "../../../src/drill/disk/volumes.ts";
import { readElf } from "../../../src/image/elf.ts";
import { parseGuid } from "../../../src/wire/guid.ts";
import { Secret } from "../../../src/wire/secret.ts";
import { memoryVolume, readerOf } from "../../bitlocker/memory-volume.ts";
import { decodeStartupKey } from "../../bitlocker/startup-key.ts";
import { bytesOf, must, type Target } from "../target.ts";

const SECTOR = 512;
const password = parseRecoveryPassword("461109-608201-413820-485342-181588-463056-430617-501391");
const volumes = [
  memoryVolume([{ type: "startup-key" }, { type: "clear-key" }]),
  memoryVolume([{ type: "recovery-password", password }]),
];

/** The boot sector and one metadata block with its validation: 2.5 KB instead of a volume. */
function kernelOf({ disk, read }: (typeof volumes)[number]): Uint8Array {
  const [at] = readMetadata(read).metadataOffsets as [number];
  const size = new DataView(disk.buffer, at).getUint16(8, true) * 16;
  return new Uint8Array(Buffer.concat([disk.subarray(0, SECTOR), disk.subarray(at, at + size + 256)]));
}

const FVE_WORDS = [
  ...bytesOf("-FVE-FS-", "MSWIN4.1"),
  ...[
    [0, 0],
    [8, 0],
    [7, 0],
    [2, 0, 8, 0, 1, 0],
    [3, 0, 5, 0, 1, 0],
    [7, 0, 2, 0],
    [0xff, 0xff],
    [0, 0, 0x20, 0],
  ].map((each) => Uint8Array.from(each)),
];

/** The same block stands at all three places, its CRC-32 made right: a wrong one would end each input there. */
const metadata: Target = {
  name: "fve-metadata",
  share: 60_000,
  seeds: volumes.map(kernelOf),
  dictionary: FVE_WORDS,
  longest: 8000,
  run(input) {
    const sector = input.subarray(0, SECTOR);
    const block = input.slice(SECTOR);
    if (block.length > 16 && input.length % 8 !== 0) {
      const view = new DataView(block.buffer);
      const size = view.getUint16(8, true) * 16;
      if (size + 8 <= block.length) view.setUint32(size + 4, crc32(block.subarray(0, size)), true);
    }
    const places = new Set<number>();
    const found = readMetadata((offset, length) => {
      must(length <= 64 * 1024, "no more than a metadata area is read at once");
      if (offset === 0) return sector.subarray(0, length);
      const place = [...places].find((each) => offset - each >= 0 && offset - each < 70_000) ?? offset;
      places.add(place);
      return readerOf(block)(offset - place, length);
    });
    return `${found.state} ${found.method} ${found.protectors.map(({ type }) => type).join(" ")} ${found.sealedFvek !== null}`;
  },
};

const bootSector: Target = {
  name: "boot-sector",
  share: 40_000,
  seeds: volumes.map(({ disk }) => disk.slice(0, SECTOR)),
  dictionary: FVE_WORDS,
  longest: 1024,
  run(input) {
    const known = isBitLocker(input);
    const { layout, sectorBytes, metadataOffsets } = readBootSector(readerOf(input));
    must(known && metadataOffsets.every((offset) => Number.isSafeInteger(offset)), "offsets are places on a disk");
    return `${layout} ${sectorBytes}`;
  },
};

const KEY = {
  protectorId: parseGuid("24B0AA32-F8D0-40BA-BB05-73A800324C09"),
  key: new Secret(new Uint8Array(32).fill(7)),
};

const startupKey: Target = {
  name: "startup-key",
  share: 40_000,
  seeds: [encodeStartupKey(KEY, 1_721_361_600).reveal()],
  dictionary: FVE_WORDS,
  longest: 1024,
  run(input) {
    const decoded = decodeStartupKey(input);
    if (decoded.key.reveal().length === 32) {
      const again = decodeStartupKey(encodeStartupKey(decoded, 0).reveal());
      must(again.protectorId === decoded.protectorId, "a startup key comes back");
    }
    return `a key of ${decoded.key.reveal().length} bytes`;
  },
};

/** A disk that somebody hands in: a boot sector here and there, an MBR, a GPT. */
const disk: Target = {
  name: "disk",
  share: 20_000,
  seeds: [disked(1, (bytes) => ntfs(bytes, 0)), disked(5, mbr), disked(5, gpt)],
  dictionary: bytesOf("EFI PART", "NTFS    ", "-FVE-FS-", "\u0000\u0002", "U\u00aa"),
  longest: 20_000,
  run(input) {
    const found = findVolumes(readerOf(input), 3 * 1024 * 1024);
    must(found.length <= 512, "as many volumes as a disk has partitions");
    return `${found.length} volumes: ${[...new Set(found.map(({ kind }) => kind))].join(" ")}`;
  },
};

function disked(sectors: number, write: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = new Uint8Array(sectors * SECTOR);
  write(bytes);
  return bytes;
}

function ntfs(bytes: Uint8Array, at: number): void {
  bytes.set(Buffer.from("\xeb\x52\x90NTFS    \0\x02\x08", "latin1"), at);
  new DataView(bytes.buffer).setBigUint64(at + 40, 2000n, true);
}

function mbr(bytes: Uint8Array): void {
  bytes.set([0x80, 0, 2, 0, 7, 0, 0, 0, 4, 0, 0, 0, 0, 8, 0, 0], 446);
  bytes.set([0x55, 0xaa], 510);
  ntfs(bytes, 4 * SECTOR);
}

function gpt(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from("EFI PART"), SECTOR);
  view.setBigUint64(SECTOR + 72, 2n, true);
  view.setUint32(SECTOR + 80, 4, true);
  view.setUint32(SECTOR + 84, 128, true);
  bytes.fill(0x11, 2 * SECTOR, 2 * SECTOR + 32);
  view.setBigUint64(2 * SECTOR + 32, 4n, true);
  view.setBigUint64(2 * SECTOR + 40, 9n, true);
  ntfs(bytes, 4 * SECTOR);
}

/** A program as Debian packages hold it, in the fewest bytes: three sections, of which one names them. */
function elf(): Uint8Array {
  const names = Buffer.from("\0.modinfo\0.interp\0.shstrtab\0");
  const info = Buffer.from("license=GPL\0depends=a,b\0");
  const bytes = new Uint8Array(64 + names.length + info.length + 3 * 64);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  bytes.set(names, 64);
  bytes.set(info, 64 + names.length);
  const table = 64 + names.length + info.length;
  view.setBigUint64(40, BigInt(table), true);
  for (const [index, value] of [64, 3, 1].entries()) view.setUint16(58 + index * 2, value, true);
  const section = (index: number, name: number, offset: number, size: number) => {
    view.setUint32(table + index * 64, name, true);
    view.setBigUint64(table + index * 64 + 24, BigInt(offset), true);
    view.setBigUint64(table + index * 64 + 32, BigInt(size), true);
  };
  section(1, 18, 64, names.length);
  section(2, 1, 64 + names.length, info.length);
  return bytes;
}

const program: Target = {
  name: "elf",
  share: 20_000,
  seeds: [elf()],
  dictionary: bytesOf(".modinfo", ".interp", "depends=", "\u0006\u0000\u0000\u0000"),
  longest: 2000,
  run(input) {
    const { needed, interpreter, moduleInfo } = readElf(input);
    return `${needed.length} ${interpreter !== null} ${moduleInfo.length}`;
  },
};

export const VOLUME: readonly Target[] = [metadata, bootSector, startupKey, disk, program];
