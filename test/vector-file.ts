import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A hostile or odd input: `why:` it matters, `expect:` what must come of it, further `shows:` lines, then `bytes:` as
 * hexadecimal pairs, `00*12` for repetition, and "text" in quotes.
 */
export interface Vector {
  readonly name: string;
  readonly why: string;
  readonly expect: string;
  readonly shows: readonly string[];
  readonly bytes: Uint8Array;
}

export function readVectors(folder: string): Vector[] {
  const path = join(import.meta.dirname, "vectors", folder);
  return readdirSync(path)
    .sort()
    .map((file) => parse(file.replace(/\.txt$/, ""), readFileSync(join(path, file), "utf8")));
}

function parse(name: string, text: string): Vector {
  const [head, body] = text.split(/^bytes:\n/m);
  const all = (word: string) => [...head!.matchAll(new RegExp(`^${word}: (.+)$`, "gm"))].map(([, value]) => value!);
  const [why] = all("why");
  const [expect] = all("expect");
  if (body === undefined || why === undefined || expect === undefined) throw new Error(`${name} is not a vector`);
  return { name, why, expect, shows: all("shows"), bytes: parseBytes(body) };
}

function parseBytes(text: string): Uint8Array {
  const tokens = text.match(/"[^"]*"|\S+/g) ?? [];
  const pieces = tokens.map((token) => {
    if (token.startsWith('"')) return Buffer.from(token.slice(1, -1), "latin1");
    const [, byte, count] = /^([0-9a-f]{2})(?:\*(\d+))?$/.exec(token) ?? [];
    if (byte === undefined) throw new Error(`not bytes: ${token}`);
    return Buffer.alloc(Number(count ?? 1), Number.parseInt(byte, 16));
  });
  return new Uint8Array(Buffer.concat(pieces));
}
