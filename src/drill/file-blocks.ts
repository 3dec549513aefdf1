import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";

const BLOCK = 8 << 20;
/** Longer than any spelling, so that one that lies over two blocks is whole in one of them. */
const OVERLAP = 512;

/** The bytes of a file, some megabytes at a time. */
export function* overlappingBlocks(path: string): Generator<Buffer> {
  const file = openSync(path, "r");
  try {
    const size = statSync(path).size;
    for (let at = 0; at < size; at += BLOCK) {
      const block = Buffer.alloc(Math.min(BLOCK + OVERLAP, size - at));
      yield block.subarray(0, readSync(file, block, 0, block.length, at));
    }
  } finally {
    closeSync(file);
  }
}

/** A file itself, or every file under a folder, by name; none where there is nothing. */
export function filesUnder(path: string): string[] {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) return [];
  if (status.isFile()) return [path];
  if (!status.isDirectory()) return [];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesUnder(join(path, name)));
}
