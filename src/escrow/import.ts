import type { Guid } from "../wire/guid.ts";
import { OperatorError } from "../wire/operator-error.ts";
import { type Columns, KNOWN_HEADERS, parseHeader, parseRow } from "./csv.ts";
import type { NewDeposit } from "./deposit.ts";
import type { ExportRow, Reject } from "./export-row.ts";
import { linesOf } from "./lines.ts";
import type { Vault } from "./vault.ts";

export interface RejectedRow extends Reject {
  readonly line: number;
}

/** A row was taken, but the vault now has several passwords for its key protector ID. */
export interface ConflictingRow {
  readonly line: number;
  readonly protectorId: Guid;
  readonly passwords: number;
}

/** Every row is counted once: deposited + present + superseded + rejected.length = rows. */
export interface ImportReport {
  readonly source: string;
  readonly rows: number;
  readonly deposited: number;
  readonly present: number;
  readonly superseded: number;
  readonly rejected: readonly RejectedRow[];
  readonly conflicts: readonly ConflictingRow[];
  /** True if it was told to stop before the end: the rows so far are in, the others were not looked at. */
  readonly stopped: boolean;
}

export interface ImportOptions {
  /** A file's name without its folder, or a live source's. */
  readonly source: string;
  /** Told how many rows are done. */
  readonly onProgress?: (rows: number) => void;
  /** Ends it at a row, with all before it deposited. */
  readonly stop?: AbortSignal | undefined;
}

/** Rows per transaction: enough to make the fsync cheap, few enough to show progress. */
const BATCH = 200;

/** Deposits rows as they come into a vault, sealed or not. A bad row is reported and does not stop the others. */
export async function importRows(
  rows: AsyncIterable<ExportRow>,
  vault: Vault,
  { source, onProgress, stop }: ImportOptions,
): Promise<ImportReport> {
  const counts = { rows: 0, deposited: 0, present: 0, superseded: 0, stopped: false };
  const rejected: RejectedRow[] = [];
  const conflicts: ConflictingRow[] = [];
  let batch: { readonly line: number; readonly deposit: NewDeposit }[] = [];
  const flush = async () => {
    const results = await vault.depositAll(batch.map(({ deposit }) => deposit));
    for (const [index, { is, others }] of results.entries()) {
      const { line, deposit } = batch[index]!;
      counts[is] += 1;
      if (others > 0) conflicts.push({ line, protectorId: deposit.protectorId, passwords: others + 1 });
    }
    batch = [];
    onProgress?.(counts.rows);
  };
  for await (const { line, row } of rows) {
    if (stop?.aborted) {
      counts.stopped = true;
      break;
    }
    counts.rows += 1;
    if ("reason" in row) rejected.push({ line, ...row });
    else batch.push({ line, deposit: { ...row, source } });
    if (batch.length >= BATCH) await flush();
  }
  await flush();
  return { source, ...counts, rejected, conflicts };
}

/**
 * The rows of a directory's CSV export (parseHeader says which). `content` is its text or its bytes as they are read.
 * Throws OperatorError, before the first row, if the header is not one it knows.
 */
export async function* csvRows(content: string | AsyncIterable<Uint8Array>, source: string): AsyncGenerator<ExportRow> {
  let columns: Columns | null = null;
  for await (const { number: line, text } of linesOf(typeof content === "string" ? [Buffer.from(content)] : content)) {
    // Windows PowerShell 5's Export-Csv begins with a line about types.
    if (text?.trim() === "" || (columns === null && text?.startsWith("#TYPE"))) continue;
    if (columns === null) {
      columns = text === null ? null : parseHeader(text);
      if (columns === null) throw unknownHeader(source, line, text);
    } else if (text === null)
      yield { line, row: { reason: "line-too-long", detail: "no row is that long", protectorId: null } };
    else yield { line, row: parseRow(text, columns) };
  }
  if (columns === null)
    throw new OperatorError(
      `${source} is empty. Nothing was deposited.`,
      "Export it again: it lost its content on the way.",
    );
}

function unknownHeader(source: string, line: number, text: string | null): OperatorError {
  // UTF-16 without its mark reads as a NUL between every two letters.
  const binary = text?.includes("\0") ? " It is not plain text in UTF-8, nor UTF-16 with a byte order mark." : "";
  return new OperatorError(
    `Line ${line} of ${source} is not the header of a directory export.${binary} Nothing was deposited.`,
    `The first line has to read ${KNOWN_HEADERS}${binary === "" ? "" : ", saved as UTF-8"}.`,
  );
}
