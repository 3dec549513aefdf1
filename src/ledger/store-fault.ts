import { accessSync, constants, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { StoreError, type StoreFault } from "./store-error.ts";

// Primary result codes, https://www.sqlite.org/rescode.html
const FAULTS: Readonly<Record<number, StoreFault>> = {
  3: "access",
  5: "busy",
  6: "busy",
  8: "access",
  10: "storage",
  11: "damaged",
  13: "full",
  14: "access",
  23: "access",
  26: "not-a-store",
};

/** The StoreError for an error of node:sqlite or of the file system; any other error is given back as it is. */
export function storeFault(error: unknown, name: string, path: string): unknown {
  if (!(error instanceof Error)) return error;
  const { errcode, code } = error as { errcode?: unknown; code?: unknown };
  const fault = typeof errcode === "number" ? FAULTS[errcode & 0xff] : fileFault(code);
  if (fault === undefined) return error;
  return new StoreError(closerFault(fault, path), name, path, error.message, { cause: error });
}

/** SQLite needs two more files beside its own, and tells of a disk that takes none as "unable to open", "disk I/O error". */
function closerFault(fault: StoreFault, path: string): StoreFault {
  if (fault !== "access" && fault !== "storage") return fault;
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    if (fault === "storage" && bavail * bsize < LEAST_ROOM) return "full";
    accessSync(dirname(path), constants.W_OK);
    return fault;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EROFS" ? "read-only" : fault;
  }
}

/** SQLite's shared memory beside a ledger in WAL mode. */
const LEAST_ROOM = 32_768 * 2;

function fileFault(code: unknown): StoreFault | undefined {
  if (code === "ENOSPC" || code === "EDQUOT") return "full";
  if (code === "EIO") return "storage";
  return typeof code === "string" && /^(EACCES|EPERM|EROFS|ENOENT|ENOTDIR|EISDIR)$/.test(code) ? "access" : undefined;
}
