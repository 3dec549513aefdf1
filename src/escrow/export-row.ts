import type { Guid } from "../wire/guid.ts";
import type { NewDeposit } from "./deposit.ts";

export type RejectReason =
  | "line-too-long"
  | "bad-quoting"
  | "missing-column"
  | "bad-protector-id"
  | "no-password"
  | "object-not-expanded"
  | "bad-password"
  | "password-in-wrong-column";

/** Why a row has no deposit. `detail` is a sentence for people; neither holds a digit of a password. */
export interface Reject {
  readonly reason: RejectReason;
  readonly detail: string;
  /** Null if the row's own is not one. */
  readonly protectorId: Guid | null;
}

/** One recovery password of an export, or why there is none in it. `source` is the import's own. */
export interface ExportRow {
  /** Where in the export, for a person to find it: a line, 1 for the first; an entry's number where there are no lines. */
  readonly line: number;
  readonly row: Omit<NewDeposit, "source"> | Reject;
}
