/** One line of a text file, without its line end. */
export interface Line {
  /** 1 for the first. */
  readonly number: number;
  /** Null if it is too long to be a row; its text was dropped. */
  readonly text: string | null;
}

const LONGEST_LINE = 16_384;

/**
 * The lines of UTF-8 (with or without a byte order mark) or UTF-16LE bytes (with one: what Windows PowerShell's `>`
 * writes), as they arrive. Bytes that are not valid text become U+FFFD: a damaged device name must not cost its key.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Line> {
  let decoder: TextDecoder | null = null;
  let head = new Uint8Array();
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
  for await (const chunk of chunks) {
    let bytes = chunk;
    if (decoder === null) {
      head = bytes = Buffer.concat([head, chunk]);
      if (head.length < 2) continue;
      decoder = new TextDecoder(head[0] === 0xff && head[1] === 0xfe ? "utf-16le" : "utf-8");
    }
    yield* cut(decoder.decode(bytes, { stream: true }));
  }
  yield* cut(decoder === null ? new TextDecoder().decode(head) : decoder.decode());
  if (rest !== "" || tooLong) yield* cut("\n");
}
