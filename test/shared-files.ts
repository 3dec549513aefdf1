import { existsSync } from "node:fs";
import { join } from "node:path";

const SHARED = join(import.meta.dirname, "..", "..", "shared");

/** Files that are not this project's own and lie beside it: `cases` from the field, `data` that Windows itself wrote. */
export function sharedFile(...path: string[]): string {
  return join(SHARED, ...path);
}

/** True if they are there. Tests that need them say so by name where they are not. */
export const hasSharedFiles = existsSync(join(SHARED, "cases"));
