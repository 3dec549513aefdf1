import { MalformedError } from "../wire/malformed.ts";
import type { Field } from "./message-field.ts";

/** The largest message either side accepts, in bytes. */
const MAX_MESSAGE = 65_536;
const MAX_LINES = 2_048;
const VERSION = "2";

// biome-ignore lint/suspicious/noExplicitAny: each field has its own type; Values<F> gives it back.
type Fields = Record<string, Field<any>>;
type Values<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** One kind of line: its word and its fields in the order they are written. */
interface LineKind<F extends Fields> {
  readonly word: string;
  readonly fields: F;
}
export type LineOf<K> = K extends LineKind<infer F> ? Values<F> : never;

export function lineKind<F extends Fields>(word: string, fields: F): LineKind<F> {
  return { word, fields };
}

/** Reads a message line by line, each kind in its place; what does not fit refuses the whole message. */
export class LineReader {
  readonly subject: string;
  readonly #lines: readonly string[];
  #next = 1;

  /** `sender` is the first line's word; `subject` becomes the verb or answer word found there. */
  constructor(message: string, sender: string) {
    if (message.length > MAX_MESSAGE) throw new MalformedError(`longer than ${MAX_MESSAGE} bytes`);
    if (!message.endsWith("\n")) throw new MalformedError("the last line has no end");
    const lines = message.slice(0, -1).split("\n");
    if (lines.length > MAX_LINES) throw new MalformedError(`more than ${MAX_LINES} lines`, MAX_LINES + 1);
    const stray = lines.findIndex((line) => !/^[\x21-\x7e\t]+$/.test(line));
    if (stray >= 0) throw new MalformedError("an empty line, or a character that is not printable ASCII", stray + 1);
    const first = lines[0]!.split("\t");
    if (first[0] !== sender) throw new MalformedError(`does not start with ${sender}`, 1);
    if (first[1] !== VERSION) throw new MalformedError(`a protocol version other than ${VERSION}`, 1);
    if (first.length !== 3) throw new MalformedError(`${first.length} fields where 3 are expected`, 1);
    if (lines.at(-1) !== `end\t${lines.length - 1}`) {
      throw new MalformedError(`the last line is not "end ${lines.length - 1}"`, lines.length);
    }
    this.subject = first[2]!;
    this.#lines = lines.slice(0, -1);
  }

  one<F extends Fields>(kind: LineKind<F>): Values<F> {
    const [line] = this.many(kind, 1, 1);
    return line!;
  }

  /** All consecutive lines of this kind; MalformedError unless there are `minimum` to `maximum` of them. */
  many<F extends Fields>(kind: LineKind<F>, minimum: number, maximum: number): Values<F>[] {
    const found: Values<F>[] = [];
    while (this.#next < this.#lines.length && this.#lines[this.#next]!.split("\t")[0] === kind.word) {
      if (found.length === maximum) this.fail(`more than ${maximum} ${kind.word} lines`);
      found.push(this.#read(kind));
      this.#next += 1;
    }
    if (found.length < minimum) this.fail(`expected a ${kind.word} line`);
    return found;
  }

  /** Nothing may follow. */
  done(): void {
    if (this.#next < this.#lines.length) this.fail("a line that does not belong here");
  }

  fail(what: string): never {
    throw new MalformedError(what, this.#next + 1);
  }

  #read<F extends Fields>(kind: LineKind<F>): Values<F> {
    const parts = this.#lines[this.#next]!.split("\t").slice(1);
    const names = Object.keys(kind.fields);
    if (parts.length !== names.length) {
      this.fail(`${kind.word} has ${parts.length} fields where ${names.length} are expected`);
    }
    const entries = names.map((name, index) => {
      try {
        return [name, kind.fields[name]!.read(parts[index]!)];
      } catch (error) {
        if (error instanceof MalformedError) this.fail(`${kind.word} field ${index + 1} (${name}): ${error.what}`);
        throw error;
      }
    });
    return Object.fromEntries(entries) as Values<F>;
  }
}

export class LineWriter {
  readonly #lines: string[];

  constructor(sender: string, subject: string) {
    this.#lines = [`${sender}\t${VERSION}\t${subject}`];
  }

  put<F extends Fields>(kind: LineKind<F>, ...values: readonly Values<F>[]): this {
    for (const value of values) {
      const fields = Object.keys(kind.fields).map((name) => kind.fields[name]!.write(value[name]));
      this.#lines.push([kind.word, ...fields].join("\t"));
    }
    return this;
  }

  /** The finished message. RangeError if it is larger than the other side accepts. */
  done(): string {
    const message = `${this.#lines.join("\n")}\nend\t${this.#lines.length}\n`;
    if (message.length > MAX_MESSAGE || this.#lines.length >= MAX_LINES)
      throw new RangeError("the message is too large");
    return message;
  }
}
