/**
 * The text of bytes as they arrive: UTF-8, or UTF-16 (what Windows PowerShell's `>` and Notepad's "Unicode" write), by
 * byte order mark or, without one, by the NULs between its letters. The mark is left out. A text that is no UTF-8 from
 * its first letter beyond ASCII on is Windows-1252, as Excel and older PowerShell write it in western Europe. Otherwise
 * bytes that are not valid become U+FFFD: a damaged device name must not cost its key.
 */
export async function* textOf(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<string, undefined> {
  const reader = new TextReader();
  for await (const chunk of chunks) yield reader.write(chunk);
  yield reader.end();
}

/** The text of a file's first bytes. */
export function headText(head: Uint8Array): string {
  const reader = new TextReader();
  return reader.write(head) + reader.end();
}

/** The same for bytes that are handed in one after the other. */
export class TextReader {
  #decoder: Decoder | null = null;
  #head: Uint8Array = new Uint8Array();

  write(bytes: Uint8Array): string {
    if (this.#decoder !== null) return this.#decoder.write(bytes);
    this.#head = Buffer.concat([this.#head, bytes]);
    if (this.#head.length < LONGEST_MARK) return "";
    this.#decoder = decoderOf(this.#head);
    return this.#decoder.write(this.#head);
  }

  end(): string {
    if (this.#decoder !== null) return this.#decoder.end();
    const decoder = decoderOf(this.#head);
    return decoder.write(this.#head) + decoder.end();
  }
}

interface Decoder {
  write(bytes: Uint8Array): string;
  end(): string;
}

/** Bytes that tell one encoding from another: two letters of UTF-16. */
const LONGEST_MARK = 4;

function decoderOf(head: Uint8Array): Decoder {
  const encoding = encodingOf(head);
  if (encoding === "utf-8") return new Utf8OrAnsi();
  const decoder = new TextDecoder(encoding);
  return { write: (bytes) => decoder.decode(bytes, { stream: true }), end: () => decoder.decode() };
}

/** By a file's first four bytes. No text in UTF-8 holds a NUL. */
function encodingOf([a, b, c, d]: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if ((a === 0xff && b === 0xfe) || (a !== 0 && b === 0 && c !== 0 && d === 0)) return "utf-16le";
  if ((a === 0xfe && b === 0xff) || (a === 0 && b !== 0 && c === 0 && d !== 0)) return "utf-16be";
  return "utf-8";
}

/** Which of the two it is shows at the first byte beyond ASCII. Until there, both are the same. */
class Utf8OrAnsi implements Decoder {
  #decoder: TextDecoder | null = null;
  /** What may be the beginning of a UTF-8 letter. */
  #held: Uint8Array = new Uint8Array();

  write(bytes: Uint8Array): string {
    if (this.#decoder !== null) return this.#decoder.decode(bytes, { stream: true });
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const at = all.findIndex((byte) => byte > 0x7f);
    this.#held = new Uint8Array();
    if (at === -1) return Buffer.from(all).toString("latin1");
    const length = letterLength(all.subarray(at, at + 4));
    if (length === "unknown-yet") {
      this.#held = all.slice(at);
      return Buffer.from(all.subarray(0, at)).toString("latin1");
    }
    this.#decoder = new TextDecoder(length === null ? "windows-1252" : "utf-8");
    return this.#decoder.decode(all, { stream: true });
  }

  end(): string {
    if (this.#decoder !== null) return this.#decoder.decode();
    return new TextDecoder("windows-1252").decode(this.#held);
  }
}

/** How many bytes the UTF-8 letter that begins here has (RFC 3629); null if none begins here. */
function letterLength(bytes: Uint8Array): number | null | "unknown-yet" {
  const first = bytes[0]!;
  const length =
    first >= 0xc2 && first <= 0xdf ? 2 : first >= 0xe0 && first <= 0xef ? 3 : first >= 0xf0 && first <= 0xf4 ? 4 : 0;
  if (length === 0) return null;
  for (let index = 1; index < length; index += 1) {
    if (index >= bytes.length) return "unknown-yet";
    if ((bytes[index]! & 0xc0) !== 0x80) return null;
  }
  return length;
}
