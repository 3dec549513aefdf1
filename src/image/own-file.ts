import { rmSync, writeFileSync } from "node:fs";

/**
 * Writes a file into a folder of ours. What has its name there is removed first, and the file is created new: through a
 * link of that name, somebody else's file would be overwritten.
 */
export function writeOwnFile(path: string, content: string | Uint8Array, mode = 0o666): void {
  rmSync(path, { force: true });
  writeFileSync(path, content, { mode, flag: "wx" });
}
