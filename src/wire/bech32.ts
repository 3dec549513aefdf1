import { MalformedError } from "./malformed.ts";

// BIP-173 and BIP-350: 32 characters without 1, b, i and o, and a checksum that finds any four wrong characters in a
// text of up to 90. `age` writes its keys in the older form.
const CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const FINAL = { bech32: 1, bech32m: 0x2bc830a3 } as const;
const CHECKSUM = 6;

export type Bech32Form = keyof typeof FINAL;

/** `prefix`, `1`, the bytes five bits to a character (zero bits at the end), and the checksum: all lower case. */
export function encodeBech32(form: Bech32Form, prefix: string, bytes: Uint8Array): string {
  const data = regroup(bytes, 8, 5, true)!;
  const sum = polymod([...expand(prefix), ...data, ...Array<number>(CHECKSUM).fill(0)]) ^ FINAL[form];
  const check = Array.from({ length: CHECKSUM }, (_, index) => (sum >>> (5 * (CHECKSUM - 1 - index))) & 31);
  return `${prefix}1${[...data, ...check].map((value) => CHARACTERS[value]).join("")}`;
}

/** The bytes of a text that begins with `prefix` and `1`, in any one case. Throws MalformedError saying what is wrong. */
export function decodeBech32(form: Bech32Form, prefix: string, text: string): Uint8Array {
  const lower = text.toLowerCase();
  if (lower !== text && text.toUpperCase() !== text) throw new MalformedError("a text of mixed case");
  if (!lower.startsWith(`${prefix}1`)) throw new MalformedError(`a text that does not begin with ${prefix}1`);
  const values = bech32Values(lower.slice(prefix.length + 1));
  if (!bech32Holds(form, prefix, values)) throw new MalformedError("a text whose checksum does not hold");
  const bytes = regroup(values.slice(0, -CHECKSUM), 5, 8, false);
  if (bytes === null) throw new MalformedError("a text with bits left over");
  return Uint8Array.from(bytes);
}

/** What each character after the `1` stands for, checksum included. */
export function bech32Values(text: string): number[] {
  return [...text].map((character, index) => {
    const value = CHARACTERS.indexOf(character);
    if (value === -1) throw new MalformedError("a text with a character that is never in one", index);
    return value;
  });
}

/** True if the checksum at the end of `values` holds. */
export function bech32Holds(form: Bech32Form, prefix: string, values: readonly number[]): boolean {
  return values.length >= CHECKSUM && polymod([...expand(prefix), ...values]) === FINAL[form];
}

function expand(prefix: string): number[] {
  const codes = [...prefix].map((character) => character.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
}

function polymod(values: readonly number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    for (const [bit, term] of GENERATOR.entries()) if ((top >>> bit) & 1) sum ^= term;
  }
  return sum >>> 0;
}

/** Groups of `from` bits as groups of `to`. Null if what is left at the end is a whole group, or not zero. */
function regroup(values: Iterable<number>, from: number, to: number, pad: boolean): number[] | null {
  const groups: number[] = [];
  let [held, bits] = [0, 0];
  for (const value of values) {
    held = ((held << from) | value) & 0xfff;
    bits += from;
    while (bits >= to) {
      bits -= to;
      groups.push((held >>> bits) & ((1 << to) - 1));
    }
  }
  const left = held & ((1 << bits) - 1);
  if (!pad) return bits < from && left === 0 ? groups : null;
  return bits === 0 ? groups : [...groups, (left << (to - bits)) & ((1 << to) - 1)];
}
