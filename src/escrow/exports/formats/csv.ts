import { parse } from "csv-parse/sync";
import { Unreadable } from "../export-file.ts";
import type { ExportItem, ExportRow, Reject } from "../export-row.ts";
import { linesOf } from "../lines.ts";
import type { Chunks, Format, FormatName } from "./format.ts";
import { guidOrNull } from "./raw-row.ts";

/** A kind of CSV export, told by its header. */
export interface CsvFormat {
  readonly name: FormatName;
  readonly what: string;
  /** The header as its program writes it, for people. */
  readonly header: string;
  /** For each column that is read, its headings in lower case, best first. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  /** Without these, the header is not one. */
  readonly needed: readonly string[];
  /** One row: the cells by their column, trimmed; undefined for a column that the header has not. */
  readonly row: (cells: Cells) => ExportRow["row"];
}

export type Cells = Readonly<Record<string, string | undefined>>;

interface Header {
  readonly delimiter: Delimiter;
  readonly at: ReadonlyMap<string, number>;
}

/** Commas, semicolons (Excel in half of Europe) or tabs. */
type Delimiter = "," | ";" | "\t";

export function csvFormat(csv: CsvFormat): Format {
  return {
    name: csv.name,
    what: csv.what,
    recognise: (head) => {
      const line = head.split("\n", 20).find((each) => !isBeforeHeader(each)) ?? "";
      return readHeader(line.replace(/\r$/, ""), csv) !== null;
    },
    rows: (chunks) => csvRows(chunks, csv),
  };
}

/** One line is one row: no name or ID of a directory holds a line break. */
async function* csvRows(chunks: Chunks, csv: CsvFormat): AsyncGenerator<ExportItem> {
  let header: Header | null = null;
  for await (const { number: line, text } of linesOf(chunks)) {
    if (header === null) {
      if (text !== null && isBeforeHeader(text)) continue;
      header = text === null ? null : readHeader(text, csv);
      if (header === null) throw unknownHeader(line, csv);
    } else if (text === null)
      yield { line, row: { reason: "line-too-long", detail: "no row is that long", protectorId: null } };
    else if (!isDecoration(text)) yield { line, row: readRow(text, header, csv) };
  }
}

/** Windows PowerShell 5's Export-Csv begins with a line about types, Excel's own CSV with one about its separator. */
function isBeforeHeader(line: string): boolean {
  return line.trim() === "" || line.startsWith("#TYPE") || /^"?sep=.{1,2}\s*$/i.test(line);
}

/** `sqlcmd` rules a line under its header and counts the rows below them, whatever the separator. */
function isDecoration(line: string): boolean {
  return /^[-,;\t ]*$/.test(line) || /^\(\d+ [^,;\t]*\)\s*$/.test(line);
}

function readHeader(line: string, { columns, needed }: CsvFormat): Header | null {
  const delimiter = ([",", ";", "\t"] as const).find((each) => line.includes(each));
  const names = delimiter === undefined ? null : split(line, delimiter)?.map((name) => name.trim().toLowerCase());
  if (delimiter === undefined || !names) return null;
  const at = new Map<string, number>();
  for (const [column, headings] of Object.entries(columns)) {
    const heading = headings.find((each) => names.includes(each));
    if (heading !== undefined) at.set(column, names.indexOf(heading));
  }
  return needed.every((column) => at.has(column)) ? { delimiter, at } : null;
}

function readRow(line: string, { delimiter, at }: Header, { needed, columns, row }: CsvFormat): ExportRow["row"] {
  const values = split(line, delimiter);
  const reject = (reason: Reject["reason"], detail: string, protectorId: Reject["protectorId"] = null): Reject => ({
    reason,
    detail,
    protectorId,
  });
  if (values === null) return reject("bad-quoting", "its quotation marks do not pair up");
  const cells = Object.fromEntries([...at].map(([column, index]) => [column, values[index]?.trim()]));
  const missing = needed.find((column) => cells[column] === undefined);
  if (missing === undefined) return row(cells);
  const detail = `it has ${values.length} columns and lacks ${columns[missing]![0]}`;
  return reject("missing-column", detail, guidOrNull(cells.protectorId ?? ""));
}

/** The cells of a line; null if its quotation marks do not pair up. Plain lines, nearly all, need no CSV parser. */
function split(line: string, delimiter: Delimiter): string[] | null {
  if (!line.includes('"')) return line.split(delimiter);
  const cells: string[] = [];
  const cell = QUOTED[delimiter];
  cell.lastIndex = 0;
  while (cell.lastIndex < line.length) {
    const found = cell.exec(line);
    if (found === null) return splitOdd(line, delimiter);
    cells.push(found[1] ?? found[2]!);
  }
  return line.endsWith(delimiter) ? [...cells, ""] : cells;
}

const QUOTED: Readonly<Record<Delimiter, RegExp>> = {
  ",": /(?:"([^"]*)"|([^",]*))(?:,|$)/y,
  ";": /(?:"([^"]*)"|([^";]*))(?:;|$)/y,
  "\t": /(?:"([^"]*)"|([^"\t]*))(?:\t|$)/y,
};

function splitOdd(line: string, delimiter: Delimiter): string[] | null {
  try {
    const rows = parse(line, { delimiter, relax_column_count: true }) as string[][];
    return rows.length === 1 ? rows[0]! : null;
  } catch {
    return null;
  }
}

function unknownHeader(line: number, { header }: CsvFormat): Unreadable {
  return new Unreadable(`has no header of such an export in line ${line}`, `The first line has to read ${header}.`);
}
