/**
 * What one directory entry is, in the order the questions are asked. What the agent says of a file
 * that it looked at; test/vectors/agent/files.json holds every agent to it.
 */
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
