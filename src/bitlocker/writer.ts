import type { Guid } from "../wire/guid.ts";
import { encodeBootSector } from "./boot-sector.ts";
import { encodeMetadataArea } from "./metadata-writer.ts";
import {
  type NewProtector,
  newVolumeKeys,
  type RandomBytes,
  randomGuid,
  type WrittenProtector,
} from "./new-volume-keys.ts";
import type { ReadAt, WriteAt } from "./read-at.ts";
import { StateNumber, type XtsMethod } from "./registry.ts";
import { layoutFor } from "./volume-layout.ts";
import { type XtsCipher, xtsCipher } from "./xts.ts";

/** A BitLocker volume to write around an NTFS. */
export interface NewVolume {
  /** The plain NTFS: `bytes` long, a multiple of 4096. */
  readonly ntfs: { readonly bytes: number; readonly read: ReadAt };
  readonly method: XtsMethod;
  readonly protectors: readonly NewProtector[];
  /**
   * `encrypting`: the metadata says that a conversion is under way, which is what cryptsetup goes by and refuses. All
   * sectors are encrypted all the same, so that a drill can still look inside from outside (dislocker -s).
   */
  readonly state: "encrypted" | "encrypting";
  /** Unix seconds; part of every nonce. */
  readonly created: number;
  readonly description: string;
  readonly random: RandomBytes;
}

export interface WrittenVolume {
  readonly volumeGuid: Guid;
  /** The whole volume: NTFS and the FVE areas behind it. */
  readonly bytes: number;
  readonly protectors: readonly WrittenProtector[];
}

const CHUNK_BYTES = 1024 * 1024;

/**
 * Writes a BitLocker volume, from its offset 0 on, one MiB at a time. Every sector is written, zeros too: a hole would
 * decrypt to noise. cryptsetup and
 * dislocker open it; Windows itself has not been tried.
 */
export function writeVolume(volume: NewVolume, write: WriteAt): WrittenVolume {
  const layout = layoutFor(volume.ntfs.bytes);
  const volumeGuid = randomGuid(volume.random);
  const keys = newVolumeKeys(volume.protectors, volume.method, volume.created, volume.random);
  const encrypt = xtsCipher(keys.fvek, "encrypt");

  for (let offset = 0; offset < layout.volumeBytes; offset += CHUNK_BYTES) {
    const plain = plainChunk(volume, offset, Math.min(CHUNK_BYTES, layout.volumeBytes - offset));
    write(offset, encrypt(plain, offset / 512));
  }
  const { bootBackup } = layout;
  write(bootBackup.offset, bootSectors(volume, bootBackup, encrypt));
  write(0, new Uint8Array(bootBackup.bytes));
  write(0, encodeBootSector(layout.metadataOffsets));

  const currentState = volume.state === "encrypting" ? StateNumber.converting : StateNumber.encrypted;
  const { method, description, created } = volume;
  const states = { currentState, nextState: StateNumber.encrypted, encryptedBytes: layout.volumeBytes };
  const area = encodeMetadataArea({ layout, volumeGuid, method, ...states, description, created }, keys);
  for (const offset of layout.metadataOffsets) write(offset, area);
  return { volumeGuid, bytes: layout.volumeBytes, protectors: keys.protectors };
}

/** NTFS, and zeros behind it. */
function plainChunk({ ntfs }: NewVolume, offset: number, length: number): Uint8Array {
  const chunk = new Uint8Array(length);
  if (offset < ntfs.bytes) chunk.set(ntfs.read(offset, Math.min(length, ntfs.bytes - offset)));
  return chunk;
}

/** The NTFS's first sectors under the numbers of the sectors they are moved to. */
function bootSectors({ ntfs }: NewVolume, backup: { offset: number; bytes: number }, encrypt: XtsCipher): Uint8Array {
  return encrypt(ntfs.read(0, backup.bytes), backup.offset / 512);
}
