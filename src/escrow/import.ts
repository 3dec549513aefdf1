import type { Guid } from "../wire/guid.ts";
import { OperatorError } from "../wire/operator-error.ts";
import { type Columns, KNOWN_HEADERS, parseHeader, parseRow, type Reject } from "./csv.ts";
import type { NewDeposit } from "./deposit.ts";
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

/** Every row is counted once: deposited + present + rejected.length = rows. */
export interface ImportReport {
  readonly source: string;
  readonly rows: number;
  readonly deposited: number;
  readonly present: number;
  readonly rejected: readonly RejectedRow[];
  readonly conflicts: readonly ConflictingRow[];
  /** True if it was told to stop before the end: the rows so far are in, the others were not looked at. */
  readonly stopped: boolean;
}

/** Rows per transaction: enough to make the fsync cheap, few enough to show progress. */
const BATCH = 200;

interface Pending {
  readonly line: number;
  readonly deposit: NewDeposit;
}

/**
 * Imports a directory export (parseHeader says which) into a vault, sealed or not. `content` is its text or its bytes
 * as they are read. A bad row is reported and does not stop the others. Throws OperatorError, with nothing deposited,
 * if the header is not one it knows. `source` is the file's name without its folder; `onProgress` is told how many
 * rows are done; `stop` ends it at a row, with all before it deposited.
 */
export async function importCsv(
  content: string | AsyncIterable<Uint8Array>,
  vault: Vault,
  source: string,
  onProgress: (rows: number) => void = () => {},
  stop?: AbortSignal,
): Promise<ImportReport> {
  const report = {
    source,
    rows: 0,
    deposited: 0,
    present: 0,
    rejected: [] as RejectedRow[],
    conflicts: [] as ConflictingRow[],
    stopped: false,
  };
  let columns: Columns | null = null;
  let batch: Pending[] = [];
  const flush = async () => {
    const results = await vault.depositAll(batch.map(({ deposit }) => deposit));
    for (const [index, { is, others }] of results.entries()) {
      const { line, deposit } = batch[index]!;
      report[is] += 1;
      if (others > 0) report.conflicts.push({ line, protectorId: deposit.protectorId, passwords: others + 1 });
    }
    batch = [];
    onProgress(report.rows);
  };
  for await (const { number: line, text } of linesOf(typeof content === "string" ? [Buffer.from(content)] : content)) {
    // Windows PowerShell 5's Export-Csv begins with a line about types.
    if (stop?.aborted) {
      report.stopped = true;
      break;
    }
    if (text?.trim() === "" || (columns === null && text?.startsWith("#TYPE"))) continue;
    if (columns === null) {
      columns = text === null ? null : parseHeader(text);
      if (columns === null) throw unknownHeader(source, line, text);
      continue;
    }
    report.rows += 1;
    const row: Omit<NewDeposit, "source"> | Reject =
      text === null
        ? { reason: "line-too-long", detail: "no row is that long", protectorId: null }
        : parseRow(text, columns);
    if ("reason" in row) report.rejected.push({ line, ...row });
    else batch.push({ line, deposit: { ...row, source } });
    if (batch.length >= BATCH) await flush();
  }
  if (columns === null && !report.stopped)
    throw new OperatorError(
      `${source} is empty. Nothing was deposited.`,
      "Export it again: it lost its content on the way.",
    );
  await flush();
  return report;
}

function unknownHeader(source: string, line: number, text: string | null): OperatorError {
  // UTF-16 without its mark reads as a NUL between every two letters.
  const binary = text?.includes("\0") ? " It is not plain text in UTF-8, nor UTF-16 with a byte order mark." : "";
  return new OperatorError(
    `Line ${line} of ${source} is not the header of a directory export.${binary} Nothing was deposited.`,
    `The first line has to read ${KNOWN_HEADERS}${binary === "" ? "" : ", saved as UTF-8"}.`,
  );
}
