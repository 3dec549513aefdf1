import { createCipheriv, createDecipheriv } from "node:crypto";

/** Bytes of one XTS data unit: BitLocker encrypts each 512-byte sector by itself. */
export const XTS_SECTOR_BYTES = 512;
const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
const WORDS = XTS_SECTOR_BYTES / 4;

/** Encrypts or decrypts whole sectors, of which the first has the number `firstSector`. Returns new bytes. */
export type XtsCipher = (sectors: Uint8Array, firstSector: number) => Uint8Array;

/**
 * AES-XTS (IEEE 1619) with the sector number as tweak, for many sectors in one call. Node's own aes-xts takes one
 * cipher object per sector; ECB over a whole run with the tweaks XORed before and after is over twice as fast.
 * `key` is data key and tweak key, 32 or 64 bytes together.
 */
export function xtsCipher(key: Uint8Array, direction: "encrypt" | "decrypt"): XtsCipher {
  if (!LITTLE_ENDIAN) throw new RangeError("XTS here reads words as little-endian machines do");
  const half = key.length / 2;
  const name = `aes-${half * 8}-ecb`;
  const data = (direction === "encrypt" ? createCipheriv : createDecipheriv)(name, key.subarray(0, half), null);
  const tweak = createCipheriv(name, key.subarray(half), null);
  data.setAutoPadding(false);
  tweak.setAutoPadding(false);
  return (sectors, firstSector) => {
    const count = sectors.length / XTS_SECTOR_BYTES;
    if (!Number.isInteger(count)) throw new RangeError(`${sectors.length} bytes are not whole sectors`);
    const numbers = new BigUint64Array(count * 2);
    for (let index = 0; index < count; index++) numbers[index * 2] = BigInt(firstSector + index);
    const tweaks = spread(words(tweak.update(new Uint8Array(numbers.buffer))), count);
    const masked = xor(words(sectors), tweaks);
    const crypted = words(data.update(new Uint8Array(masked.buffer)));
    return new Uint8Array(xor(crypted, tweaks).buffer);
  };
}

/** From each sector's first tweak, the tweaks of all its 32 blocks: each is twice the one before in GF(2^128). */
function spread(first: Uint32Array, count: number): Uint32Array<ArrayBuffer> {
  const tweaks = new Uint32Array(count * WORDS);
  for (let sector = 0, at = 0; sector < count; sector++) {
    let a = first[sector * 4]!;
    let b = first[sector * 4 + 1]!;
    let c = first[sector * 4 + 2]!;
    let d = first[sector * 4 + 3]!;
    for (const end = at + WORDS; at < end; at += 4) {
      tweaks[at] = a;
      tweaks[at + 1] = b;
      tweaks[at + 2] = c;
      tweaks[at + 3] = d;
      const carry = d >>> 31;
      d = (d << 1) | (c >>> 31);
      c = (c << 1) | (b >>> 31);
      b = (b << 1) | (a >>> 31);
      a = (a << 1) ^ (carry * 0x87);
    }
  }
  return tweaks;
}

function xor(left: Uint32Array, right: Uint32Array): Uint32Array<ArrayBuffer> {
  const out = new Uint32Array(left.length);
  for (let index = 0; index < out.length; index++) out[index] = left[index]! ^ right[index]!;
  return out;
}

/** The bytes as 32-bit words, copied only if they do not start on a word. */
function words(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}
