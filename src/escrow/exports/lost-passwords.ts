import type { ExportRow } from "./export-row.ts";
import { digitsOf, passwordShapes, plainText } from "./plain-text.ts";
import { TextReader } from "./text-chunks.ts";

/** Longer than any recovery password with all that may stand within it. */
const LONGEST = 96;
/** Rows that come before the text they stand in was looked at: as many as one piece of a file holds. */
const MOST_EARLY = 20_000;
/** More than anybody corrects by hand. */
const MOST_LOST = 10_000;

/**
 * Looks at all text of a file beside whatever reads it, and knows in the end which recovery passwords no row was made of.
 * A format that passes one by is a fault nobody would notice until the device asks for it.
 */
export class LostPasswords {
  readonly #reader = new TextReader();
  /** Digits to the lines where they stand. */
  readonly #open = new Map<string, number>();
  readonly #early = new Set<string>();
  #text = "";
  #line = 1;

  /** The next bytes of the file. */
  see(bytes: Uint8Array): void {
    this.#take(this.#reader.write(bytes), false);
  }

  /** A row that was made of what the file holds. */
  placed({ row, of }: ExportRow): void {
    if (!("reason" in row)) this.#close(digitsOf(row.password.text.reveal()));
    else if (of !== undefined) this.#closeAll(of.reveal());
  }

  /** The lines of what no row was made of, after the file's end. */
  lost(): readonly number[] {
    this.#take(this.#reader.end(), true);
    return [...this.#open.values()].sort((one, two) => one - two);
  }

  #closeAll(text: string): void {
    for (const { digits } of passwordShapes(plainText(text))) this.#close(digits);
    const all = digitsOf(text);
    for (const digits of this.#open.keys()) if (all.includes(digits)) this.#open.delete(digits);
  }

  #close(digits: string): void {
    if (this.#open.delete(digits)) return;
    const [oldest] = this.#early;
    if (this.#early.size >= MOST_EARLY) this.#early.delete(oldest!);
    this.#early.add(digits);
  }

  #take(text: string, ended: boolean): void {
    this.#text += plainText(text);
    const whole = ended ? this.#text.length : this.#text.length - LONGEST;
    if (whole <= 0) return;
    let done = 0;
    let line = this.#line;
    for (const { digits, at, end } of passwordShapes(this.#text)) {
      if (at >= whole) break;
      line += linesIn(this.#text.slice(done, at));
      done = at;
      if (!this.#early.delete(digits) && this.#open.size < MOST_LOST) this.#open.set(digits, line);
      line += linesIn(this.#text.slice(done, end));
      done = end;
    }
    const upTo = Math.max(done, whole);
    this.#line = line + linesIn(this.#text.slice(done, upTo));
    this.#text = this.#text.slice(upTo);
  }
}

function linesIn(text: string): number {
  return text.split("\n").length - 1;
}
