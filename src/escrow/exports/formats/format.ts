import type { FoundItem } from "../export-row.ts";

/** The content of an exported file, as its bytes arrive. */
export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export type FormatName =
  | "crowdstrike"
  | "id-key"
  | "csv"
  | "csv-by-device"
  | "columns"
  | "ad-csv"
  | "ad-ldif"
  | "ad-script"
  | "graph"
  | "graph-text"
  | "mbam"
  | "manage-bde"
  | "recovery-file";

/** What is known of a file beside its content. */
export interface FormatContext {
  /** Its name, for messages and because Windows puts the key protector ID there. */
  readonly file: string;
  /** In a folder of one file per device, the name that the file's own name gives; else null. */
  readonly deviceName: string | null;
}

/** One way to write recovery passwords down. */
export interface Format {
  readonly name: FormatName;
  /** What writes it, for people. */
  readonly what: string;
  /** True if a file that begins with this text (64 KiB at most, no byte order mark) is one. */
  readonly recognise: (head: string) => boolean;
  /**
   * Its recovery passwords, in constant memory. Throws Unreadable, before the first one, if the content is not of
   * this format; what is wrong further down is a Reject.
   */
  readonly rows: (chunks: Chunks, context: FormatContext) => AsyncGenerator<FoundItem>;
}
