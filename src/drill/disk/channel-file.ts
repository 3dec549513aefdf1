import { createCipheriv, createHash } from "node:crypto";

/** Where the sensor keeps its channel files. */
export const CHANNEL_FOLDER = "Windows/System32/drivers/CrowdStrike";
export const BAD_CHANNEL_FILE = "C-00000291-00000000-00000032.sys";

/** When the bad version of channel file 291 was released, and when the good one took its place (vendor's statement). */
export const BAD_RELEASE = Date.UTC(2024, 6, 19, 4, 9, 0) / 1000;
export const GOOD_RELEASE = Date.UTC(2024, 6, 19, 5, 27, 0) / 1000;

/** `C-<channel>-00000000-<version>.sys`. */
export function channelFileName(channel: number, version: number): string {
  const eight = (value: number) => String(value).padStart(8, "0");
  return `C-${eight(channel)}-00000000-${eight(version)}.sys`;
}

/**
 * A stand-in for a channel file: the real files' first bytes (AA AA AA AA 01 00, then the channel as u16,
 * little-endian: 23 01 for 291), then bytes that look random and depend on `seed` only.
 */
export function channelFile(channel: number, bytes: number, seed: string): Uint8Array {
  const content = standIn(bytes, seed);
  content.set([0xaa, 0xaa, 0xaa, 0xaa, 0x01, 0x00, channel & 0xff, channel >> 8]);
  return content;
}

/** Bytes that look random and are the same for the same `seed`. */
export function standIn(bytes: number, seed: string): Uint8Array {
  const key = createHash("sha256").update(seed).digest();
  const stream = createCipheriv("aes-128-ctr", key.subarray(0, 16), key.subarray(16));
  return Uint8Array.from(stream.update(new Uint8Array(bytes)));
}
