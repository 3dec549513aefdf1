import { MalformedError } from "../../wire/malformed.ts";
import type { SeenFile } from "./change.ts";

/**
 * Shell commands that list every regular file below the current folder: a line of times and sizes, an empty record, a
 * line of digests. Records end with NUL, because a file's name may hold anything else.
 */
export const LIST_FILES = [
  "find . -xdev -type f -printf '%s %T@ %P\\0'",
  "printf '\\0'",
  "find . -xdev -type f -print0 | xargs -0 -r sha256sum --zero --",
].join("; ");

/** Reads the output of LIST_FILES, by path. Times are Unix seconds with their decimals, as NTFS keeps them (100 ns). */
export function parseFileList(output: string): ReadonlyMap<string, SeenFile> {
  const records = output.split("\0");
  const middle = records.indexOf("");
  const digests = new Map<string, string>();
  for (const record of records.slice(middle + 1).filter((each) => each !== "")) {
    const [, sha256, path] = fields(record, /^([0-9a-f]{64}) [ *]\.\/(.*)$/s);
    digests.set(path!, sha256!);
  }
  const files = new Map<string, SeenFile>();
  for (const record of records.slice(0, middle)) {
    const [, size, mtime, path] = fields(record, /^(\d+) (\d+\.\d+) (.*)$/s);
    const sha256 = digests.get(path!);
    if (sha256 === undefined) throw new MalformedError(`no digest for "${path}"`);
    files.set(path!, { path: path!, size: Number(size), sha256, mtime: mtime! });
  }
  return files;
}

function fields(record: string, shape: RegExp): RegExpExecArray {
  const match = shape.exec(record);
  if (match === null) throw new MalformedError(`unexpected line in a list of files: "${record}"`);
  return match;
}
