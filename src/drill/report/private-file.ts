import { chmodSync, copyFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { writeOwnFile } from "../../image/own-file.ts";

// A report names devices, serial numbers and the people who were there. Nobody but its owner reads it, whatever the
// umask: the mode given to open() is cut down by the umask, and a file that exists already keeps the mode it has.

/** Makes a folder that only its owner can enter. A folder that exists already is left as it is: it may be anybody's. */
export function makePrivateFolder(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  if (mkdirSync(path, { recursive: true, mode: 0o700 }) !== undefined) chmodSync(path, 0o700);
}

/** Writes a new file that only its owner can read, in the place of whatever had its name. */
export function writePrivateFile(path: string, contents: string | Uint8Array): void {
  writeOwnFile(path, contents, 0o600);
  chmodSync(path, 0o600);
}

/** Copies to a new file that only its owner can read. */
export function copyToPrivateFile(from: string, to: string): void {
  writePrivateFile(to, "");
  // A copy into an existing file takes over the mode of its source.
  copyFileSync(from, to);
  chmodSync(to, 0o600);
}
