import type { Random } from "./random.ts";

/** What one input is made from. */
export interface Material {
  /** Well-formed inputs, and those that were answered in a new way. */
  readonly corpus: readonly Uint8Array[];
  /** Words of the protocol. */
  readonly dictionary: readonly Uint8Array[];
  readonly longest: number;
}

type Mutation = (input: Uint8Array, random: Random, material: Material) => Uint8Array;

const ODD_BYTES = [
  0x00, 0x01, 0x02, 0x04, 0x0a, 0x0d, 0x1b, 0x20, 0x22, 0x25, 0x2e, 0x2f, 0x34, 0x5c, 0x7f, 0x80, 0xff,
];
const ODD_NUMBERS = [
  "0",
  "-1",
  "1",
  "7",
  "8",
  "65464",
  "65465",
  "65535",
  "65536",
  "4294967296",
  "9007199254740993",
  "1e9",
];

/** Bytes `from` to `to` of the input replaced. */
function replaced(input: Uint8Array, from: number, to: number, by: Uint8Array): Uint8Array {
  const result = new Uint8Array(from + by.length + input.length - to);
  result.set(input.subarray(0, from));
  result.set(by, from);
  result.set(input.subarray(to), from + by.length);
  return result;
}

function range(input: Uint8Array, random: Random): [number, number] {
  const from = random.below(input.length + 1);
  return [from, Math.min(input.length, from + 1 + random.below(random.below(4) === 0 ? 256 : 16))];
}

function changed(input: Uint8Array, at: number, value: number): Uint8Array {
  const result = input.slice();
  if (at < result.length) result[at] = value;
  return result;
}

const MUTATIONS: readonly Mutation[] = [
  function flipBit(input, random) {
    const at = random.below(input.length);
    return changed(input, at, (input[at] ?? 0) ^ (1 << random.below(8)));
  },
  function setByte(input, random) {
    return changed(input, random.below(input.length), random.below(2) ? random.pick(ODD_BYTES) : random.below(256));
  },
  function truncate(input, random) {
    return input.slice(0, random.below(input.length + 1));
  },
  function extend(input, random) {
    const filler = random.pick([0x00, 0xff, 0x41, 0x30, random.below(256)]);
    return replaced(input, input.length, input.length, new Uint8Array(1 + random.below(300)).fill(filler));
  },
  function remove(input, random) {
    return replaced(input, ...range(input, random), new Uint8Array());
  },
  function repeat(input, random) {
    const [from, to] = range(input, random);
    const at = random.below(input.length + 1);
    return replaced(input, at, at, input.slice(from, to));
  },
  function insert(input, random) {
    const at = random.below(input.length + 1);
    return replaced(input, at, at, random.bytes(1 + random.below(8)));
  },
  function insertWord(input, random, { dictionary }) {
    if (dictionary.length === 0) return input;
    const at = random.below(input.length + 1);
    return replaced(input, at, at, random.pick(dictionary));
  },
  function overwriteWithWord(input, random, { dictionary }) {
    if (dictionary.length === 0) return input;
    const word = random.pick(dictionary);
    const at = random.below(input.length + 1);
    return replaced(input, at, Math.min(input.length, at + word.length), word);
  },
  function splice(input, random, { corpus }) {
    const other = random.pick(corpus);
    const [from, to] = [random.below(input.length + 1), random.below(other.length + 1)];
    return replaced(input, from, input.length, other.slice(to));
  },
  function skewLength(input, random) {
    const width = random.pick([1, 2, 4, 8]);
    if (input.length < width) return input;
    const result = input.slice();
    const view = new DataView(result.buffer);
    const at = random.below(input.length - width + 1);
    const little = random.below(2) === 0;
    const rest = input.length - at;
    const values = [0, 1, rest - width, rest, rest + 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0xffffffff];
    const read =
      width === 1 ? view.getUint8(at) : width === 2 ? view.getUint16(at, little) : view.getUint32(at, little);
    const value = random.below(2) ? random.pick(values) : read + random.pick([-2, -1, 1, 2, 4, 16]);
    if (width === 1) view.setUint8(at, value);
    else if (width === 2) view.setUint16(at, value, little);
    else if (width === 4) view.setUint32(at, value, little);
    else view.setBigUint64(at, random.pick([BigInt(value), 0xffff_ffff_ffff_ffffn, 1n << 53n, 1n << 40n]), little);
    return result;
  },
  /** Takes the bytes somewhere for `code, length, value`, and repeats all three. */
  function repeatOption(input, random) {
    const from = random.below(input.length);
    const to = Math.min(input.length, from + 2 + (input[from + 1] ?? 0));
    return replaced(input, to, to, input.slice(from, to));
  },
  function replaceNumber(input, random) {
    const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39;
    let from = random.below(input.length);
    while (from < input.length && !isDigit(input[from])) from++;
    let to = from;
    while (to < input.length && isDigit(input[to])) to++;
    return replaced(input, from, to, Buffer.from(random.pick(ODD_NUMBERS)));
  },
  function swapCase(input, random) {
    const [from, to] = range(input, random);
    return input.map((byte, at) =>
      at >= from && at < to && /[a-z]/i.test(String.fromCharCode(byte)) ? byte ^ 0x20 : byte,
    );
  },
];

/** A new input: one of the corpus, changed once, or twice, or oftener, each half as likely as the one before. */
export function mutate(material: Material, random: Random): Uint8Array {
  let input = random.pick(material.corpus);
  do input = random.pick(MUTATIONS)(input, random, material);
  while (random.below(2) === 0);
  return input.length > material.longest ? input.slice(0, material.longest) : input;
}
