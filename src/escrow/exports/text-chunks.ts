/**
 * The text of bytes as they arrive: UTF-8, or UTF-16 (what Windows PowerShell's `>` and Notepad's "Unicode" write), by
 * byte order mark or, without one, by the NULs between its letters. The mark is left out. Bytes that are not valid text
 * become U+FFFD: a damaged device name must not cost its key.
 */
export async function* textOf(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<string, undefined> {
  let decoder: TextDecoder | null = null;
  let head = new Uint8Array();
  for await (const chunk of chunks) {
    let bytes = chunk;
    if (decoder === null) {
      head = bytes = Buffer.concat([head, chunk]);
      if (head.length < LONGEST_MARK) continue;
      decoder = new TextDecoder(encodingOf(head));
    }
    yield decoder.decode(bytes, { stream: true });
  }
  yield decoder === null ? new TextDecoder(encodingOf(head)).decode(head) : decoder.decode();
}

/** Bytes that tell one encoding from another: two letters of UTF-16. */
const LONGEST_MARK = 4;

/** By a file's first four bytes. No text in UTF-8 holds a NUL. */
export function encodingOf([a, b, c, d]: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if ((a === 0xff && b === 0xfe) || (a !== 0 && b === 0 && c !== 0 && d === 0)) return "utf-16le";
  if ((a === 0xfe && b === 0xff) || (a === 0 && b !== 0 && c === 0 && d !== 0)) return "utf-16be";
  return "utf-8";
}
