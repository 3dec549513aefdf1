import type { Chunks } from "./formats/format.ts";

/** One file of an export, wherever it lies. */
export interface ExportFile {
  /** As people find it: its path below the folder or in the zip; the file's own name if it is alone. */
  readonly name: string;
  /** True if it is one of many: then its rows name it. */
  readonly isOneOfMany: boolean;
  /** Where it lies on the disk; null for standard input and in a zip. */
  readonly path: string | null;
  readonly open: () => Chunks;
}

/** A file that brought nothing in, or not all of it. The others went on. */
export interface FileProblem {
  readonly file: string;
  readonly what: string;
  readonly next: string;
}

/** A file that ends here, for a reason people can act on: `what` goes on from the file's name. */
export class Unreadable extends Error {
  readonly what: string;
  readonly next: string;

  constructor(what: string, next: string) {
    super(what);
    this.name = "Unreadable";
    this.what = what;
    this.next = next;
  }
}

/**
 * A name from outside, fit to be stored in the clear and shown: no control characters, not longer than a line or two,
 * and no recovery password, since people name files after what is in them.
 */
export function shownName(name: string): string {
  const plain = name
    .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, "\ufffd")
    .replace(/(?:[0-9]{6}[ -]*){4,}/g, "[digits]");
  return plain.length > 200 ? `${plain.slice(0, 199)}…` : plain;
}
