import { METADATA_AREA_BYTES } from "./registry.ts";

/** Where a written volume keeps what is not NTFS: all of it in one MiB behind the NTFS. Offsets from the volume. */
export interface VolumeLayout {
  readonly volumeBytes: number;
  readonly metadataOffsets: readonly [number, number, number];
  readonly bootBackup: { readonly offset: number; readonly bytes: number };
}

export const FVE_TAIL_BYTES = 1024 * 1024;
/** Windows moves the first 16 sectors away to make room for its boot sector. */
const BOOT_BACKUP_BYTES = 16 * 512;

/** The layout of a volume for an NTFS of `ntfsBytes`, a multiple of 4096. */
export function layoutFor(ntfsBytes: number): VolumeLayout {
  if (ntfsBytes % 4096 !== 0) throw new RangeError(`an NTFS of ${ntfsBytes} bytes is not whole clusters`);
  const area = (index: number) => ntfsBytes + index * 4 * METADATA_AREA_BYTES;
  return {
    volumeBytes: ntfsBytes + FVE_TAIL_BYTES,
    metadataOffsets: [area(0), area(1), area(2)],
    bootBackup: { offset: area(0) + METADATA_AREA_BYTES, bytes: BOOT_BACKUP_BYTES },
  };
}
