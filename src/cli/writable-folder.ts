import { accessSync, constants, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { fileCause } from "./read-file.ts";

/**
 * Throws OperatorError if nothing can be written into `folder`, or, where that is still to be made, into the nearest
 * folder above it that is there. `what` names it in a sentence. Nothing is made here.
 */
export function requireWritable(folder: string, what: string, unchanged: string, next: string): void {
  const cause = whyNotWritable(resolve(folder));
  if (cause === null) return;
  throw new OperatorError(`${what} ${folder} cannot be written: ${cause}. ${unchanged}`, next, ExitCode.environment);
}

/** In words; null if it can be written. */
export function whyNotWritable(folder: string): string | null {
  const nearest = isThere(folder);
  if (nearest === null) return whyNotWritable(dirname(folder));
  if (nearest === "a file") return "it is a file, not a folder";
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    return fileCause(error);
  }
}

/** Null where no file or folder has the name; one that this user may not look at is taken for a folder. */
function isThere(path: string): "a folder" | "a file" | null {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? null : found.isDirectory() ? "a folder" : "a file";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOTDIR" ? null : "a folder";
  }
}
