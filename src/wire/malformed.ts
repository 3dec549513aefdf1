/** Bytes or text from outside that do not follow their format. The only exception a decoder throws. */
export class MalformedError extends Error {
  readonly what: string;
  /** Byte offset (or line number for text formats) at which the format was broken. */
  readonly offset: number;

  constructor(what: string, offset = 0) {
    super(`${what} (at ${offset})`);
    this.name = "MalformedError";
    this.what = what;
    this.offset = offset;
  }
}
