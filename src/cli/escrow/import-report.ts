import { closeSync, openSync, writeSync } from "node:fs";
import type { FileProblem } from "../../escrow/exports/export-file.ts";
import type { RowFate } from "../../escrow/import.ts";
import { OperatorError } from "../../wire/operator-error.ts";
import { fileCause, writeCause } from "../read-file.ts";

const COLUMNS = ["file", "line", "fate", "protectorId", "deviceName", "passwords", "reason", "detail"] as const;
type Row = Readonly<Record<(typeof COLUMNS)[number], string | number | null>>;

/** What became of every row of an import, as a file that holds no digit of a password. */
export class ImportReportFile {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #format: (row: Row) => string;
  #waiting = "";
  /** Why the file is not whole; the import goes on without it. */
  #failure: string | null = null;

  /** Makes the file, mode 0600. CSV or JSON lines by its ending; OperatorError for another, or if it is there. */
  constructor(path: string) {
    this.#path = path;
    const ending = /\.(csv|jsonl|ndjson)$/i.exec(path)?.[1]?.toLowerCase();
    if (ending === undefined)
      throw new OperatorError(
        `--report ${path} says by no ending what it shall be. Nothing was imported.`,
        "Name a file that ends in .csv, or in .jsonl for JSON lines.",
      );
    this.#format = ending === "csv" ? csvLine : jsonLine;
    try {
      this.#descriptor = openSync(path, "wx", 0o600);
    } catch (error) {
      const cause = (error as NodeJS.ErrnoException).code === "EEXIST" ? "it is there already" : writeCause(error);
      throw new OperatorError(
        `The report ${path} cannot be written: ${cause}. Nothing was imported.`,
        "Name another file with --report.",
      );
    }
    if (ending === "csv") this.#write(`${COLUMNS.join(",")}\r\n`);
  }

  row({ file, line, is, ...rest }: RowFate): void {
    this.#write(this.#format({ file, line, fate: is, ...rest }));
  }

  /** A file that was not read, or not to its end. */
  problem({ file, what }: FileProblem): void {
    const none = { line: null, protectorId: null, deviceName: null, passwords: null, reason: null };
    this.#write(this.#format({ file, ...none, fate: "file-not-read", detail: what }));
  }

  /** Null, or a sentence that says what the report lacks. */
  close(): string | null {
    this.#flush();
    closeSync(this.#descriptor);
    return this.#failure;
  }

  #write(text: string): void {
    this.#waiting += text;
    if (this.#waiting.length > 65_536) this.#flush();
  }

  #flush(): void {
    try {
      if (this.#failure === null && this.#waiting !== "") writeSync(this.#descriptor, this.#waiting);
    } catch (error) {
      this.#failure = `The report ${this.#path} is not whole: ${fileCause(error)}.`;
    }
    this.#waiting = "";
  }
}

function jsonLine(row: Row): string {
  return `${JSON.stringify(row, [...COLUMNS])}\n`;
}

function csvLine(row: Row): string {
  return `${COLUMNS.map((column) => csvCell(row[column])).join(",")}\r\n`;
}

/** A spreadsheet takes a cell that begins with `=` for a formula, and names come from outside. */
function csvCell(value: string | number | null): string {
  const text = value === null ? "" : String(value);
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
