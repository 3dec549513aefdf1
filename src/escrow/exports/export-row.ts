import type { Guid } from "../../wire/guid.ts";
import type { DeviceOfId, NewDeposit } from "../deposit.ts";

/** docs/formats/vault.md says what each means. */
export type RejectReason =
  | "line-too-long"
  | "bad-quoting"
  | "missing-column"
  | "no-protector-id"
  | "bad-protector-id"
  | "ids-disagree"
  | "no-password"
  | "dmk-closed"
  | "still-encrypted"
  | "object-not-expanded"
  | "bad-password"
  | "password-in-wrong-column"
  | "bad-encoding"
  | "cut-off";

/** Why a row has no deposit. `detail` is a sentence for people; neither holds a digit of a password. */
export interface Reject {
  readonly reason: RejectReason;
  readonly detail: string;
  /** Null if the row's own is not one. */
  readonly protectorId: Guid | null;
}

/** Where in the export something stands, for a person to find it. */
interface Place {
  /** The file's name in a folder or zip; absent if the export is one file. */
  readonly file?: string;
  /** A line, 1 for the first; an entry's number where there are no lines. */
  readonly line: number;
}

/** One recovery password of an export, or why there is none in it. `source` is the import's own. */
export interface ExportRow extends Place {
  readonly row: Omit<NewDeposit, "source"> | Reject;
}

/** A directory's list of devices names what its list of recovery passwords only numbers. */
export interface ExportedDevice extends Place {
  readonly device: DeviceOfId;
}

export type ExportItem = ExportRow | ExportedDevice;
