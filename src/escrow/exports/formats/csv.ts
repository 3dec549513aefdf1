import { parse } from "csv-parse/sync";
import { Secret } from "../../../wire/secret.ts";
import { Unreadable } from "../export-file.ts";
import type { ExportRow, FoundItem, Reject } from "../export-row.ts";
import { passwordShapes, plainText } from "../plain-text.ts";
import { word } from "../text/words.ts";
import { csvRecords, DELIMITERS, type Delimiter } from "./csv-records.ts";
import type { Chunks, Format, FormatName } from "./format.ts";
import { guidOrNull } from "./raw-row.ts";
import { listOf } from "./several.ts";

/** A kind of CSV export, told by its header. */
export interface CsvFormat {
  readonly name: FormatName;
  readonly what: string;
  /** The header as its program writes it, for people. */
  readonly header: string;
  /** For each column that is read, its headings as `word` has them, best first. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  /** Without these, the header is not one. */
  readonly needed: readonly string[];
  /** One row: the cells by their column, trimmed; undefined for a column that the header has not. */
  readonly row: (cells: Cells) => ExportRow["row"];
}

export type Cells = Readonly<Record<string, string | undefined>>;

interface Header {
  readonly delimiter: Delimiter;
  /** How many cells it has. */
  readonly cells: number;
  readonly at: ReadonlyMap<string, number>;
}

export function csvFormat(csv: CsvFormat): Format {
  return {
    name: csv.name,
    what: csv.what,
    recognise: (head) => readHeader(headerLine(head), csv) !== null,
    rows: (chunks) => csvRows(chunks, csv),
  };
}

/** The first line of a text that can be a header. */
function headerLine(head: string): string {
  const line = head.split("\n", 20).find((each) => !isBeforeHeader(each)) ?? "";
  return line.replace(/\r$/, "");
}

/** The headings of a table with recovery passwords in its rows; null for what is no such table. */
export function headingsOf(head: string): readonly string[] | null {
  const line = headerLine(head);
  const delimiter = DELIMITERS.find((each) => line.includes(each));
  const names = delimiter === undefined ? null : split(line, delimiter);
  if (delimiter === undefined || names === null || passwordShapes(plainText(line)).length > 0) return null;
  const rows = head.slice(head.indexOf(line) + line.length).split("\n", 20);
  const isRow = (row: string) =>
    split(row.replace(/\r$/, ""), delimiter)?.length === names.length && passwordShapes(plainText(row)).length > 0;
  return rows.some(isRow) ? names.map((name) => name.trim()) : null;
}

async function* csvRows(chunks: Chunks, csv: CsvFormat): AsyncGenerator<FoundItem> {
  let header: Header | null = null;
  const fits = (record: string) => header === null || split(record, header.delimiter)?.length === header.cells;
  for await (const { line, text } of csvRecords(chunks, fits)) {
    if (header === null) {
      if (text !== null && isBeforeHeader(text)) continue;
      header = text === null ? null : readHeader(text, csv);
      if (header === null) throw unknownHeader(line, csv);
    } else if (text === null)
      yield { line, row: { reason: "line-too-long", detail: "no row is that long", protectorId: null } };
    else if (!isDecoration(text))
      for (const row of readRecord(text, header, csv)) yield { line, row, of: new Secret(text) };
  }
}

/** Windows PowerShell 5's Export-Csv begins with a line about types, Excel's own CSV with one about its separator. */
function isBeforeHeader(line: string): boolean {
  return line.trim() === "" || line.startsWith("#TYPE") || /^"?sep=.{1,2}\s*$/i.test(line);
}

/** `sqlcmd` rules a line under its header and counts the rows below them, whatever the separator. */
function isDecoration(line: string): boolean {
  return /^[-,;|\t ]*$/.test(line) || /^\(\d+ [^,;\t]*\)\s*$/.test(line);
}

function readHeader(line: string, { columns, needed }: CsvFormat): Header | null {
  const delimiter = DELIMITERS.find((each) => line.includes(each));
  const names = delimiter === undefined ? null : split(line, delimiter)?.map((name) => word(plainText(name)));
  if (delimiter === undefined || !names) return null;
  const at = new Map<string, number>();
  for (const [column, headings] of Object.entries(columns)) {
    const heading = headings.find((each) => names.includes(each));
    if (heading !== undefined) at.set(column, names.indexOf(heading));
  }
  return needed.every((column) => at.has(column)) ? { delimiter, cells: names.length, at } : null;
}

/** A record is a row for each recovery password in it: scripts put several of a device into one cell. */
function readRecord(text: string, { delimiter, at }: Header, csv: CsvFormat): ExportRow["row"][] {
  const { needed, columns, row } = csv;
  const values = split(text, delimiter);
  const reject = (reason: Reject["reason"], detail: string, protectorId: Reject["protectorId"] = null): Reject => ({
    reason,
    detail,
    protectorId,
  });
  if (values === null) return [reject("bad-quoting", "its quotation marks do not pair up")];
  const cells: Cells = Object.fromEntries([...at].map(([column, index]) => [column, values[index]?.trim()]));
  const missing = needed.find((column) => cells[column] === undefined);
  if (missing !== undefined) {
    const detail = `it has ${values.length} columns and lacks ${columns[missing]![0]}`;
    return [reject("missing-column", detail, guidOrNull(cells.protectorId ?? ""))];
  }
  // A spreadsheet with decimal commas cuts its rounded number in two.
  const rest = values[(at.get("password") ?? 0) + 1]?.trim() ?? "";
  if (/^[0-9]$/.test(cells.password ?? "") && /^[0-9]+e\+?[0-9]+$/i.test(rest))
    return [row({ ...cells, password: `${cells.password},${rest}` })];
  const passwords = listOf(cells.password ?? "", "password");
  if (passwords.length < 2) return [row(cells)];
  const ids = listOf(cells.protectorId ?? "", "id");
  if (ids.length === passwords.length)
    return passwords.map((password, index) => row({ ...cells, password, protectorId: ids[index]! }));
  const detail = `it has ${passwords.length} recovery passwords and ${ids.length} key protector IDs: which belong together is not certain`;
  return passwords.map(() => reject("ambiguous-record", detail));
}

/** The cells of a record; null if its quotation marks do not pair up. Plain lines, nearly all, need no CSV parser. */
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
  ",": /(?:"([^"]*)"|([^",\n]*))(?:,|$)/y,
  ";": /(?:"([^"]*)"|([^";\n]*))(?:;|$)/y,
  "\t": /(?:"([^"]*)"|([^"\t\n]*))(?:\t|$)/y,
  "|": /(?:"([^"]*)"|([^"|\n]*))(?:\||$)/y,
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
