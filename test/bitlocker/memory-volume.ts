import { createHash } from "node:crypto";
import type { NewProtector, RandomBytes } from "../../src/bitlocker/new-volume-keys.ts";
import type { ReadAt } from "../../src/bitlocker/read-at.ts";
import { type NewVolume, type WrittenVolume, writeVolume } from "../../src/bitlocker/writer.ts";

/** The same "random" bytes each time: SHA-256 in counter mode over a word. */
export function seededRandom(seed: string): RandomBytes {
  let counter = 0;
  return (length) => {
    const blocks: Buffer[] = [];
    while (blocks.length * 32 < length) blocks.push(createHash("sha256").update(`${seed} ${counter++}`).digest());
    return Uint8Array.from(Buffer.concat(blocks).subarray(0, length));
  };
}

export function readerOf(bytes: Uint8Array): ReadAt {
  return (offset, length) => bytes.subarray(Math.min(offset, bytes.length), offset + length);
}

export interface MemoryVolume extends WrittenVolume {
  readonly disk: Uint8Array;
  readonly plain: Uint8Array;
  readonly read: ReadAt;
}

/** A volume in memory around 256 KiB that stand in for an NTFS. */
export function memoryVolume(protectors: readonly NewProtector[], more: Partial<NewVolume> = {}): MemoryVolume {
  const plain = seededRandom("plain")(256 * 1024);
  const disk = new Uint8Array(plain.length + 1024 * 1024);
  const volume: NewVolume = {
    ntfs: { bytes: plain.length, read: readerOf(plain) },
    method: "aes-xts-128",
    protectors,
    state: "encrypted",
    created: 1_721_361_600,
    description: "CRASHTEST C: 7/19/2024",
    random: seededRandom("volume"),
    ...more,
  };
  const written = writeVolume(volume, (offset, bytes) => disk.set(bytes, offset));
  return { ...written, disk, plain, read: readerOf(disk) };
}
