import { parse } from "csv-parse/sync";
import { MalformedError } from "../wire/malformed.ts";

/** A table that a spreadsheet program or a directory tool saved as text. Rows without any text are left out. */
interface Sheet {
  readonly header: readonly string[];
  readonly rows: readonly SheetRow[];
}

interface SheetRow {
  /** Where the row ends, 1 for the file's first line. */
  readonly line: number;
  /** As many as the row has: fewer or more than the header, if that is how it was saved. */
  readonly cells: readonly string[];
}

/**
 * Reads commas, semicolons or tabs, whatever the header has most of; UTF-8, UTF-16 or, where the bytes are not UTF-8,
 * Windows-1252 (Excel's plain "CSV" in western Europe); Excel's `sep=;` line before the header. Throws MalformedError,
 * with the line, where the quotation marks do not pair up, and for a workbook that was not saved as text. Where it is not
 * `strict`, a quotation mark within a cell is one of the cell's characters.
 */
export function readSheet(bytes: Uint8Array, reading: "strict" | "lenient"): Sheet {
  // A zip file: every .xlsx is one.
  if (bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4)
    throw new MalformedError("it is a workbook, not text: save it as CSV first");
  const text = decode(bytes);
  const hint = /^sep=(.)\r?\n/i.exec(text);
  const body = hint === null ? text : text.slice(hint[0].length);
  const skipped = hint === null ? 0 : 1;
  const rows = split(body, hint?.[1] ?? delimiterOf(body), skipped, reading === "lenient");
  const [header, ...rest] = rows.filter(({ cells }) => cells.some((cell) => cell !== ""));
  if (header === undefined) throw new MalformedError("it is empty: it lists no device");
  return { header: header.cells, rows: rest };
}

function decode(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  // A header is ASCII, so UTF-16 shows itself by its zeros even where the mark was lost.
  if ((first === 0xff && second === 0xfe) || second === 0) return new TextDecoder("utf-16le").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

function delimiterOf(text: string): string {
  const header = (text.split(/\r?\n/).find((line) => line.trim() !== "") ?? "").replace(/"[^"]*"/g, "");
  const counts = [",", ";", "\t"].map((each) => ({ each, count: header.split(each).length }));
  return counts.sort((a, b) => b.count - a.count)[0]!.each;
}

function split(text: string, delimiter: string, skipped: number, lenient: boolean): SheetRow[] {
  const relaxed = { relax_column_count: true, relax_quotes: lenient };
  const options = { delimiter, info: true, skip_empty_lines: true, ...relaxed };
  try {
    const rows = parse(text, options) as unknown as { info: { lines: number }; record: string[] }[];
    return rows.map(({ info, record }) => ({ line: info.lines + skipped, cells: record.map(plainCell) }));
  } catch (error) {
    const { lines, message } = error as { lines?: number; message: string };
    const line = lines === undefined ? undefined : lines + skipped;
    // csv-parse's own message may quote the cell, and that may be anything.
    const what = /quote/i.test(message) ? "its quotation marks do not pair up" : "it is no table";
    throw new MalformedError(line === undefined ? what : `line ${line}: ${what}`, line);
  }
}

/** What people saw in the cell: `="0012"` and `'0012` are how Excel keeps leading zeros; spaces come in many kinds. */
function plainCell(cell: string): string {
  const text = cell.replace(/[\s\u00a0\u200b\ufeff]+/g, " ").trim();
  return (/^="?(.*?)"?$/.exec(text)?.[1] ?? text).replace(/^'/, "").trim();
}
