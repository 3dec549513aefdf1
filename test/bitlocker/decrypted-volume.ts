import type { FveMetadata } from "../../src/bitlocker/metadata.ts";
import type { ReadAt } from "../../src/bitlocker/read-at.ts";
import { METADATA_AREA_BYTES } from "../../src/bitlocker/registry.ts";
import { XTS_SECTOR_BYTES, xtsCipher } from "../../src/bitlocker/xts.ts";
import { MalformedError } from "../../src/wire/malformed.ts";
import type { Fvek } from "./unlock-volume.ts";

/**
 * The plain volume behind a BitLocker volume. Its first sectors come from their backup; the metadata areas and the
 * backup's own place read as zeros; what is not encrypted yet is passed through. `offset` and `length` of each read
 * are multiples of 512.
 */
export function decryptedVolume(read: ReadAt, metadata: FveMetadata, fvek: Fvek): ReadAt {
  if (metadata.sectorBytes !== XTS_SECTOR_BYTES)
    throw new MalformedError(`sectors of ${metadata.sectorBytes} bytes are not decrypted here`);
  const cipher = xtsCipher(fvek.key.reveal(), "decrypt");
  const { bootBackup } = metadata;
  const zeros = metadata.metadataOffsets.map((offset) => ({ offset, bytes: METADATA_AREA_BYTES }));
  const edges = [0, bootBackup.bytes, metadata.encryptedBytes];
  for (const { offset, bytes } of [...zeros, bootBackup]) edges.push(offset, offset + bytes);
  edges.sort((left, right) => left - right);

  const physical = (offset: number, length: number): Uint8Array => {
    const bytes = read(offset, length);
    if (offset >= metadata.encryptedBytes) return bytes;
    const whole = bytes.subarray(0, bytes.length - (bytes.length % XTS_SECTOR_BYTES));
    return cipher(whole, offset / XTS_SECTOR_BYTES);
  };
  const readRun = (offset: number, length: number): Uint8Array => {
    const inside = (area: { offset: number; bytes: number }) =>
      offset >= area.offset && offset < area.offset + area.bytes;
    if (offset < bootBackup.bytes) return physical(bootBackup.offset + offset, length);
    if (inside(bootBackup) || zeros.some(inside)) return new Uint8Array(length);
    return physical(offset, length);
  };

  return (offset, length) => {
    const out = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const at = offset + done;
      const edge = edges.find((each) => each > at) ?? Number.POSITIVE_INFINITY;
      const run = readRun(at, Math.min(edge - at, length - done));
      out.set(run, done);
      done += run.length;
      if (run.length === 0) break;
    }
    return out.subarray(0, done);
  };
}
