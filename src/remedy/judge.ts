import { fitName } from "./name.ts";
import type { PlannedRemoval } from "./plan.ts";

/** What one directory entry is, in the order the questions are asked. The agent's `judge` must give the same word. */
export const VERDICTS = [
  /** The name does not fit the grammar: not looked at, not reported. */
  "not-named",
  /** Fits only when case is ignored: to Windows the same name, to us a trick. */
  "refused-case",
  /** A folder, a symbolic link, a device. */
  "refused-not-regular",
  /** An NTFS reparse point. */
  "refused-reparse",
  /** More than one name (DOS 8.3 names not counted). */
  "refused-link",
  /** Its first bytes are not those of the bad file's format; also an empty or zeroed file. */
  "header-differs",
  /** Last written before the bad time window. */
  "older",
  /** Last written when the good version was out already. */
  "good-later",
  "bad",
] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface DirectoryEntry {
  readonly name: string;
  readonly isRegular: boolean;
  /** FILE_ATTRIBUTE_REPARSE_POINT (0x400). */
  readonly isReparsePoint: boolean;
  readonly links: number;
  /** At least as many of the file's first bytes as the plan's header has, or the whole file if it is shorter. */
  readonly header: Uint8Array;
  /** Seconds since 1970 UTC, rounded down. */
  readonly mtime: number;
}

export function judgeFile(removal: PlannedRemoval, entry: DirectoryEntry): Verdict {
  const name = fitName(removal.name, entry.name);
  if (!name.fits) return "not-named";
  if (!name.exactly) return "refused-case";
  if (!entry.isRegular) return "refused-not-regular";
  if (entry.isReparsePoint) return "refused-reparse";
  if (entry.links > 1) return "refused-link";
  if (!Buffer.from(entry.header).toString("hex").startsWith(removal.header)) return "header-differs";
  if (entry.mtime < removal.notBefore) return "older";
  if (entry.mtime >= removal.before) return "good-later";
  return "bad";
}

/** What follows from all verdicts of one folder: decided before anything is touched. */
export type FolderDecision = "remove" | "already-clean" | "not-a-channel-file" | "too-many-files" | "path-refused";

export function decideFolder(removal: PlannedRemoval, verdicts: readonly Verdict[]): FolderDecision {
  if (verdicts.some((verdict) => verdict.startsWith("refused-"))) return "path-refused";
  const bad = verdicts.filter((verdict) => verdict === "bad").length;
  if (bad > removal.maxFiles) return "too-many-files";
  if (bad > 0) return "remove";
  return verdicts.includes("header-differs") ? "not-a-channel-file" : "already-clean";
}
