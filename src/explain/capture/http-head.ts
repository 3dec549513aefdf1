import { plainText } from "../text.ts";

const LONGEST_HEAD = 8 * 1024;
const REQUEST = /^(GET|HEAD|POST) (\S{1,2048}) HTTP\/1\.[01]\r?\n/;
const STATUS = /^HTTP\/1\.[01] ([1-5][0-9][0-9])([^\r\n]*)/;

export interface RequestHead {
  readonly method: "GET" | "HEAD" | "POST";
  readonly path: string;
}

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly contentLength: number | null;
  /** Bytes of the head itself. */
  readonly length: number;
}

/** Gathers the head of an HTTP/1.x message (RFC 9112 section 2.1) from pieces, within bounds. */
export class HttpHead {
  #bytes: Uint8Array = new Uint8Array(0);
  #given = 0;

  /** True once the blank line that ends the head is there, or what was captured ends before it. */
  take(bytes: Uint8Array, length: number): boolean {
    const room = Math.max(0, LONGEST_HEAD - this.#bytes.length);
    const whole = new Uint8Array(this.#bytes.length + Math.min(room, bytes.length));
    whole.set(this.#bytes);
    whole.set(bytes.subarray(0, room), this.#bytes.length);
    this.#bytes = whole;
    this.#given += length;
    return this.#end() !== null || bytes.length < length || this.#bytes.length >= LONGEST_HEAD;
  }

  /** Bytes on the wire since the first piece. */
  get given(): number {
    return this.#given;
  }

  request(): RequestHead | null {
    const found = REQUEST.exec(this.#text());
    return found === null ? null : { method: found[1] as RequestHead["method"], path: plainText(found[2]!) };
  }

  response(): ResponseHead | null {
    const text = this.#text();
    const found = STATUS.exec(text);
    if (found === null) return null;
    const length = /\ncontent-length:[ \t]*([0-9]{1,15})[ \t]*\r?\n/i.exec(text)?.[1];
    return {
      status: Number(found[1]),
      reason: plainText(found[2]!.trim(), 60),
      contentLength: length === undefined ? null : Number(length),
      length: this.#end() ?? this.#bytes.length,
    };
  }

  #text(): string {
    return Buffer.from(this.#bytes.buffer, 0, this.#end() ?? this.#bytes.length).toString("latin1");
  }

  #end(): number | null {
    const blank = Buffer.from(this.#bytes.buffer, 0, this.#bytes.length);
    const crlf = blank.indexOf("\r\n\r\n");
    if (crlf !== -1) return crlf + 4;
    const lf = blank.indexOf("\n\n");
    return lf === -1 ? null : lf + 2;
  }
}
