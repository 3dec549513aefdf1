import { filesUnder, overlappingBlocks } from "../file-blocks.ts";
import { type Leak, spellings } from "../secrecy.ts";

/** Shorter than every spelling of a recovery password. */
const WINDOW = 12;
const BUCKETS = 1 << 22;

interface Needle {
  readonly bytes: Buffer;
  readonly secret: number;
  readonly form: string;
}

/**
 * Looks for thousands of secrets at once, in files and in every file under folders: a rolling hash (Karp and Rabin) over
 * 12 bytes tells where one of them may begin, so the time does not grow with their number.
 */
export class ManySecrets {
  readonly #needles = new Map<number, Needle[]>();
  readonly #buckets = new Uint8Array(BUCKETS);
  /** How many secrets are looked for. */
  readonly count: number;

  constructor(secrets: readonly string[]) {
    this.count = secrets.length;
    for (const [secret, text] of secrets.entries())
      for (const [form, bytes] of spellings(text)) {
        if (bytes.length < WINDOW) continue;
        const hash = hashOf(bytes, 0);
        this.#buckets[hash & (BUCKETS - 1)] = 1;
        this.#needles.set(hash, [...(this.#needles.get(hash) ?? []), { bytes, secret, form }]);
      }
  }

  search(paths: readonly string[]): {
    readonly leaks: readonly Leak[];
    readonly files: number;
    readonly bytes: number;
  } {
    const leaks: Leak[] = [];
    const files = paths.flatMap(filesUnder);
    let bytes = 0;
    for (const path of files)
      for (const block of overlappingBlocks(path)) {
        bytes += block.length;
        leaks.push(...this.findIn(block, path));
      }
    return { leaks, files: files.length, bytes };
  }

  findIn(block: Buffer, where: string): Leak[] {
    const leaks: Leak[] = [];
    if (block.length < WINDOW) return leaks;
    const buckets = this.#buckets;
    let hash = hashOf(block, 0);
    for (let at = 0; ; at += 1) {
      if (buckets[hash & (BUCKETS - 1)] === 1)
        for (const { bytes, secret, form } of this.#needles.get(hash) ?? [])
          if (block.compare(bytes, 0, bytes.length, at, Math.min(at + bytes.length, block.length)) === 0)
            leaks.push({ where, secret, form });
      if (at + WINDOW >= block.length) return leaks;
      hash = (Math.imul(hash - Math.imul(block[at]!, LEAVING), FACTOR) + block[at + WINDOW]!) | 0;
    }
  }
}

const FACTOR = 0x01000193;
/** FACTOR to the power of WINDOW - 1: what the byte that leaves the window counts for. */
const LEAVING = Array.from({ length: WINDOW - 1 }).reduce<number>((power) => Math.imul(power, FACTOR), 1);

function hashOf(bytes: Uint8Array, from: number): number {
  let hash = 0;
  for (let at = from; at < from + WINDOW; at += 1) hash = (Math.imul(hash, FACTOR) + bytes[at]!) | 0;
  return hash;
}
