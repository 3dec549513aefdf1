import { type Line, linesOf } from "../lines.ts";
import type { Chunks } from "./format.ts";

/** Commas, semicolons (Excel in half of Europe), tabs, or bars. */
export type Delimiter = "," | ";" | "\t" | "|";
export const DELIMITERS: readonly Delimiter[] = [",", ";", "\t", "|"];

/** One record of a CSV file. */
interface CsvRecord {
  /** Of its first line; 1 for the first line of the file. */
  readonly line: number;
  /** Null if the line is too long to be one. */
  readonly text: string | null;
}

/** A cell has some recovery passwords, each on a line of its own; no record has more lines than this. */
const MOST_LINES = 40;

/**
 * The records of a CSV file (RFC 4180): a line break within quotation marks is part of a cell. Where a mark is never
 * closed, or what it would close does not fit the table, the line stands alone, and the lines after it are records again.
 */
export async function* csvRecords(chunks: Chunks, fits: (record: string) => boolean): AsyncGenerator<CsvRecord> {
  let held: Line[] = [];
  for await (const line of linesOf(chunks)) {
    held.push(line);
    for (let record = first(held, false, fits); record !== null; record = first(held, false, fits)) {
      yield record.record;
      held = held.slice(record.lines);
    }
  }
  for (let record = first(held, true, fits); record !== null; record = first(held, true, fits)) {
    yield record.record;
    held = held.slice(record.lines);
  }
}

/** The record that begins the lines, as soon as it is whole or cannot become so. */
function first(
  lines: readonly Line[],
  ended: boolean,
  fits: (record: string) => boolean,
): { record: CsvRecord; lines: number } | null {
  const [begin] = lines;
  if (begin === undefined) return null;
  let open = false;
  for (const [index, { text }] of lines.entries()) {
    if (text === null) break;
    open = staysOpen(text, open);
    if (open) continue;
    const whole = lines.slice(0, index + 1).map((line) => line.text);
    const joined = whole.join("\n");
    if (index > 0 && !fits(joined)) return { record: { line: begin.number, text: begin.text }, lines: 1 };
    return { record: { line: begin.number, text: joined }, lines: index + 1 };
  }
  const waits = !ended && lines.length < MOST_LINES && lines.every(({ text }) => text !== null);
  return waits ? null : { record: { line: begin.number, text: begin.text }, lines: 1 };
}

/**
 * True if a cell is still within its quotation marks at the end of the line. A mark opens a cell only where the cell
 * begins; anywhere else it is one of the cell's characters.
 */
function staysOpen(text: string, open: boolean): boolean {
  if (!text.includes('"')) return open;
  let within = open;
  let begins = !open;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at]!;
    if (within) {
      if (letter !== '"') continue;
      if (text[at + 1] === '"') at += 1;
      else within = false;
    } else if (letter === '"' && begins) within = true;
    if (!within) begins = DELIMITERS.includes(letter as Delimiter) || (begins && letter === " ");
  }
  return within;
}
