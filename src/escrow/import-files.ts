import type { NewEntry } from "../ledger/entry.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { ExportFile, FileProblem } from "./exports/export-file.ts";
import type { Format, FormatName } from "./exports/formats/format.ts";
import { exportItems } from "./exports/read-exports.ts";
import { FIRST_SHOWN, type ImportOptions, type ImportReport, importRows } from "./import.ts";
import type { Vault } from "./vault.ts";
import { type Act, importedEntry } from "./vault-entries.ts";

/** What became of one file that was read. */
interface FileImported {
  readonly file: string;
  readonly format: FormatName;
  readonly rows: number;
  /** Of a list of devices: what it has in place of rows. */
  readonly devices: number;
  readonly rejected: number;
}

/** What an import of files did, those that were not read included. */
export interface FilesImported extends ImportReport {
  /** What the files were; several if a folder or zip held several forms. */
  readonly formats: readonly string[];
  readonly filesRead: number;
  readonly filesNotRead: number;
  /** Of those read, the ones with neither a row nor a device: an export that lost its content, or is none. */
  readonly filesEmpty: number;
  /** The first FIRST_SHOWN of those read, in order. */
  readonly firstFiles: readonly FileImported[];
  /** The first FIRST_SHOWN; `onProblem` is told of all. */
  readonly firstNotRead: readonly FileProblem[];
}

export interface ImportFilesOptions extends ImportOptions {
  /** The form of all files; null: each is recognised by its beginning. */
  readonly format: Format | null;
  /** Told of each file that was not read, or not to its end. */
  readonly onProblem?: ((problem: FileProblem) => void) | undefined;
}

/**
 * Brings exports into the vault, sealed or not, and writes down what came of it: one `vault.imported`, also for an import
 * that was stopped. An import that read nothing leaves no entry.
 */
export async function importFiles(
  { vault, ledger }: { readonly vault: Vault; readonly ledger: Ledger },
  files: Iterable<ExportFile | FileProblem>,
  options: ImportFilesOptions,
  act: Act,
): Promise<FilesImported> {
  vault.bindLedger(ledger.ledgerId);
  const formats = new Set<string>();
  const firstNotRead: FileProblem[] = [];
  const firstFiles: FileImported[] = [];
  let [filesRead, filesNotRead, filesEmpty] = [0, 0, 0];
  let [format, rejected]: [FormatName, number] = ["csv", 0];
  const items = exportItems(files, {
    format: options.format,
    onFile: (_, found) => {
      formats.add(found);
      filesRead += 1;
      [format, rejected] = [found, 0];
    },
    onEnd: (file, { rows, devices }) => {
      if (rows + devices === 0) filesEmpty += 1;
      if (firstFiles.length < FIRST_SHOWN) firstFiles.push({ file, format, rows, devices, rejected });
    },
    onProblem: (problem) => {
      filesNotRead += 1;
      if (firstNotRead.length < FIRST_SHOWN) firstNotRead.push(problem);
      options.onProblem?.(problem);
    },
  });
  const counted = (async function* () {
    for await (const item of items) {
      if ("row" in item && "reason" in item.row) rejected += 1;
      yield item;
    }
  })();
  const report = await importRows(counted, vault, options);
  const counts = { filesRead, filesNotRead, filesEmpty, firstFiles, firstNotRead };
  const done = { ...report, formats: [...formats].sort(), ...counts };
  if (!nothingRead(done)) await ledger.append(entryOf(vault, done, act));
  return done;
}

/** True if all of it is in the vault: every file read, none of them empty, no row rejected, and not stopped. */
export function isComplete({ rows, named, rejected, filesNotRead, filesEmpty, stopped }: FilesImported): boolean {
  return rejected + filesNotRead + filesEmpty === 0 && rows + named > 0 && !stopped;
}

/** Not even an export without a row. */
export function nothingRead({ rows, named, filesRead, filesNotRead }: FilesImported): boolean {
  return filesRead === 0 || (rows + named === 0 && filesNotRead > 0);
}

function entryOf(vault: Vault, done: FilesImported, act: Act): NewEntry {
  const { source, formats, deposited, present, superseded, rejected, conflicts, named, filesNotRead, stopped } = done;
  const counts = { deposited, present, superseded, rejected, conflicts, named, filesNotRead };
  return importedEntry(vault, { source, format: formats.join(" "), ...counts, ...(stopped && { stopped }) }, act);
}
