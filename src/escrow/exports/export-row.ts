import type { Guid } from "../../wire/guid.ts";
import type { Secret } from "../../wire/secret.ts";
import type { DeviceOfId, NewDeposit } from "../deposit.ts";

/** docs/formats/vault.md says what each means. */
export type RejectReason =
  | "line-too-long"
  | "bad-quoting"
  | "missing-column"
  | "no-protector-id"
  | "bad-protector-id"
  | "ids-disagree"
  | "ambiguous-record"
  | "no-password"
  | "dmk-closed"
  | "still-encrypted"
  | "object-not-expanded"
  | "bad-password"
  | "password-in-wrong-column"
  | "bad-encoding"
  | "unplaced-password"
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
  /** Of a rejected row the text that it stands for, to know what was looked at. */
  readonly of?: Secret<string>;
}

/** A directory's list of devices names what its list of recovery passwords only numbers. */
interface ExportedDevice extends Place {
  readonly device: DeviceOfId;
}

/** Part of a directory's answer, which comes in pages. `of` says of what; `goesOn` if another page follows it. */
interface ExportPage extends Place {
  readonly page: { readonly of: string; readonly goesOn: boolean };
}

/** Something that stands where rows should: `what` goes on from the file's name. */
interface ExportTrouble extends Place {
  readonly trouble: { readonly what: string; readonly next: string };
}

/** What a format finds in a file. */
export type FoundItem = ExportRow | ExportedDevice | ExportPage | ExportTrouble;

/** What an import takes in. */
export type ExportItem = ExportRow | ExportedDevice;
