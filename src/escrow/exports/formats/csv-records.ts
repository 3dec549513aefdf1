import { type Line, linesOf } from "../lines.ts";
import type { Chunks } from "./format.ts";

/** Commas, semicolons (Excel in half of Europe), tabs, or bars. */
export type Delimiter = "," | ";" | "\t" | "|";
export const DELIMITERS: readonly Delimiter[] = [",", ";", "\t", "|"];

/** One record of a CSV file. */
export interface CsvRecord {
  /** Of its first line; 1 for the first line of the file. */
  readonly line: number;
  /** Null if the line is too long to be one. */
  readonly text: string | null;
}

/** A cell has some recovery passwords, each on a line of its own; no record has more lines than this. */
const MOST_LINES = 40;

/**
 * The records of a CSV file (RFC 4180): a line break within quotation marks is part of a cell. Where a mark is never
 * closed, the line stands alone, and the lines after it are records again.
 */
export async function* csvRecords(chunks: Chunks): AsyncGenerator<CsvRecord> {
  let held: Line[] = [];
  for await (const line of linesOf(chunks)) {
    held.push(line);
    for (let record = first(held, false); record !== null; record = first(held, false)) {
      yield record.record;
      held = held.slice(record.lines);
    }
  }
  for (let record = first(held, true); record !== null; record = first(held, true)) {
    yield record.record;
    held = held.slice(record.lines);
  }
}

/** The record that begins the lines, as soon as it is whole or cannot become so. */
function first(lines: readonly Line[], ended: boolean): { record: CsvRecord; lines: number } | null {
  const [begin] = lines;
  if (begin === undefined) return null;
  let open = false;
  for (const [index, { text }] of lines.entries()) {
    if (text === null) break;
    if (count(text) % 2 === 1) open = !open;
    if (open) continue;
    const whole = lines.slice(0, index + 1).map((line) => line.text);
    return { record: { line: begin.number, text: whole.join("\n") }, lines: index + 1 };
  }
  const waits = !ended && lines.length < MOST_LINES && lines.every(({ text }) => text !== null);
  return waits ? null : { record: { line: begin.number, text: begin.text }, lines: 1 };
}

function count(text: string): number {
  let marks = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) marks += 1;
  return marks;
}
