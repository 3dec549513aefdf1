import { textOf } from "./text-chunks.ts";

/** One line of a text file, without its line end. */
export interface Line {
  /** 1 for the first. */
  readonly number: number;
  /** Null if it is too long to be a row; its text was dropped. */
  readonly text: string | null;
}

const LONGEST_LINE = 16_384;

/** The lines of text as its bytes arrive (encodings: textOf), ended by LF or CRLF. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Line> {
  let rest = "";
  let number = 0;
  let tooLong = false;
  const cut = function* (text: string): Generator<Line> {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    for (const part of parts) {
      number += 1;
      const long = tooLong || part.length > LONGEST_LINE;
      tooLong = false;
      yield { number, text: long ? null : part.replace(/\r$/, "") };
    }
    if (rest.length > LONGEST_LINE) {
      tooLong = true;
      rest = "";
    }
  };
  for await (const text of textOf(chunks)) yield* cut(text);
  if (rest !== "" || tooLong) yield* cut("\n");
}
