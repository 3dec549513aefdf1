import type { PlannedRemoval } from "../../src/remedy/plan.ts";
import type { Verdict } from "../../src/remedy/verdict.ts";
import { fitName } from "./fit-name.ts";

// The rule by which an agent judges, told a second time: what the agents' own judges are held against.

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
