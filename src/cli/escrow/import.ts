import { randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ExportFile, FileProblem } from "../../escrow/exports/export-file.ts";
import { contentOf, exportFiles } from "../../escrow/exports/export-files.ts";
import { type ChosenColumns, chosenFormat, parseColumns } from "../../escrow/exports/formats/chosen-columns.ts";
import type { Format } from "../../escrow/exports/formats/format.ts";
import { FORMATS } from "../../escrow/exports/formats/formats.ts";
import { exportItems } from "../../escrow/exports/read-exports.ts";
import {
  type FilesImported,
  type ImportFilesOptions,
  importFiles,
  isComplete,
  nothingRead,
} from "../../escrow/import-files.ts";
import { openVault, type Vault } from "../../escrow/vault.ts";
import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import { operatorActor } from "../actor.ts";
import { fileCause } from "../read-file.ts";
import { openStateLedger, stateFolder } from "../state.ts";
import { type StateOption, withStateOption } from "../state-option.ts";
import { count, formatTable, printable, terminalWidth } from "../table.ts";
import { ImportReportFile } from "./import-report.ts";

interface Options extends StateOption {
  readonly format?: string;
  readonly columns?: ChosenColumns;
  readonly report?: string;
  readonly json?: boolean;
}

/** `breakglass escrow import`. It never shows a recovery password. */
export function defineImport(command: Command): void {
  withStateOption(command)
    .argument("<path>", "a file, a zip, a folder of such, or - for standard input")
    .addOption(new Option("--format <NAME>", "what it is, if it is not recognised").choices(FORMATS.map((f) => f.name)))
    .option(
      "--columns <NAMES>",
      "which columns to read in any other CSV or JSON: id=NAME,password=NAME,device=NAME,serial=NAME (in JSON a path: volumes.key)",
      chosenColumns,
    )
    .option("--report <FILE>", "write what became of every row: .csv, or .jsonl for JSON lines")
    .option("--json", "for scripts")
    .addHelpText("after", `\nFormats:\n${formatList()}\n${EXIT_CODES}`)
    .action(importPath);
}

const EXIT_CODES = `Exit code 0 if every row is in the vault, 1 if some were rejected or a file was not read or is empty (all
others are in), 2 if nothing could be read.`;

function chosenColumns(text: string): ChosenColumns {
  try {
    return parseColumns(text);
  } catch {
    throw new InvalidArgumentError(
      "Such as id=Key_ID,password=Key,device=Asset,serial=Serial; the last two may be left out.",
    );
  }
}

function formatList(): string {
  const widest = Math.max(...FORMATS.map(({ name }) => name.length));
  return FORMATS.map(({ name, what }) => `  ${name.padEnd(widest)}  ${what}\n`).join("");
}

async function importPath(path: string, options: Options): Promise<void> {
  const vault = await openVault(stateFolder(options).vault, { clock: Date.now });
  let done: FilesImported;
  let reportFailure: string | null = null;
  try {
    requireExport(path);
    if (options.columns !== undefined) await preview(path, options.columns);
    const report = options.report === undefined ? null : new ImportReportFile(resolve(options.report));
    try {
      done = await importInto(vault, path, options, report);
    } finally {
      reportFailure = report?.close() ?? null;
    }
  } finally {
    await vault.close();
  }
  if (nothingRead(done)) throw nothingIn(path, done);
  if (!isComplete(done) || reportFailure !== null) process.exitCode = ExitCode.negative;
  if (options.json) process.stdout.write(`${JSON.stringify(done)}\n`);
  else process.stdout.write(describe(done, path, options) + (reportFailure === null ? "" : `${reportFailure}\n`));
}

async function importInto(
  vault: Vault,
  path: string,
  options: Options,
  reportFile: ImportReportFile | null,
): Promise<FilesImported> {
  const ledger = await openStateLedger(options, true);
  const stopping = new AbortController();
  const stop = () => {
    stopping.abort();
    if (path === "-") process.stdin.destroy();
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const how: ImportFilesOptions = {
    source: path === "-" ? "standard input" : basename(resolve(path)),
    format: formatOf(options),
    onProgress: showProgress,
    onFate: reportFile === null ? undefined : (fate) => reportFile.row(fate),
    onProblem: (problem) => reportFile?.problem(problem),
    stop: stopping.signal,
  };
  try {
    return await importFiles({ vault, ledger }, filesOf(path), how, { actor: operatorActor(), fresh: randomUUID() });
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    await ledger.close();
  }
}

function formatOf({ format, columns }: Options): Format | null {
  if (columns === undefined) return FORMATS.find(({ name }) => name === format) ?? null;
  if (format !== undefined)
    throw new OperatorError("Both --format and --columns are given. Nothing was deposited.", "Give one of the two.");
  return chosenFormat(columns);
}

const PREVIEWED = 3;

/** The first rows as they are read, without a digit of a password, so that a person sees a wrong column before it is in. */
async function preview(path: string, columns: ChosenColumns): Promise<void> {
  // Standard input cannot be read twice.
  if (path === "-") return;
  const rows: string[][] = [];
  for await (const item of exportItems(exportFiles(path), { format: chosenFormat(columns), onProblem: () => {} })) {
    if ("device" in item) continue;
    const { row, line } = item;
    const told =
      "reason" in row
        ? [row.protectorId ?? "-", "-", row.detail]
        : [row.protectorId ?? row.partialId ?? "-", row.deviceName ?? "-", "good"];
    rows.push([String(line), ...told]);
    if (rows.length === PREVIEWED) break;
  }
  const table = formatTable(["LINE", "KEY PROTECTOR ID", "DEVICE", "RECOVERY PASSWORD"], rows, terminalWidth());
  if (rows.length > 0) process.stderr.write(`The first rows, by these columns:\n${table}`);
  if (rows.length === 0 || !process.stdin.isTTY || !process.stderr.isTTY) return;
  const { confirm } = await import("@inquirer/prompts");
  const right = await confirm({ message: "Is that right?", default: true }).catch(() => false);
  if (!right) throw new OperatorError("Nothing was deposited.", "Name other columns with --columns.", ExitCode.refused);
}

function filesOf(path: string): Iterable<ExportFile | FileProblem> {
  if (path !== "-") return exportFiles(path);
  return [{ name: "standard input", isOneOfMany: false, path: null, open: () => contentOf(process.stdin) }];
}

function requireExport(path: string): void {
  if (path === "-" && process.stdin.isTTY)
    throw new OperatorError(
      "Nothing is piped into standard input. Nothing was deposited.",
      "Pipe an export into it, or name a file.",
    );
  try {
    if (path !== "-") statSync(path);
  } catch (error) {
    throw new OperatorError(
      `The export ${path} cannot be read: ${fileCause(error)}. Nothing was deposited.`,
      "Check the path, and run the command again.",
    );
  }
}

function nothingIn(path: string, { firstNotRead, filesNotRead, source }: FilesImported): OperatorError {
  const [first] = firstNotRead;
  if (first === undefined)
    return new OperatorError(`There is no file in ${path}. Nothing was deposited.`, "Name the folder of the exports.");
  const which =
    first.file === source
      ? `The export ${path === "-" ? "from standard input" : path}`
      : `Nothing of ${path} could be read (${count(filesNotRead, "file")}). The first, ${first.file},`;
  return new OperatorError(`${which} ${first.what}. Nothing was deposited.`, first.next);
}

function showProgress(rows: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${rows} rows so far (Ctrl-C stops)`);
}

function describe(done: FilesImported, path: string, { report }: Options): string {
  const { rows, deposited, present, superseded, rejected, conflicts, named, stopped } = done;
  const more = (all: number, shown: number) =>
    all === shown
      ? ""
      : `... and ${all - shown} more${report === undefined ? ": name a file with --report for all" : ""}.\n`;
  let text = process.stderr.isTTY ? "\r\u001b[K" : "";
  text += filesTable(done) + tableOf(done) + more(rejected, done.firstRejected.length);
  for (const { file, line, protectorId, passwords } of done.firstConflicts)
    text += `${file === null ? "Line" : `${printable(file)}, line`} ${line}: the vault has ${passwords} different passwords for ${protectorId}. The newest is tried first.\n`;
  text += more(conflicts, done.firstConflicts.length);
  for (const [index, { file, what, next }] of done.firstNotRead.entries()) {
    const said = done.firstNotRead[index - 1]?.next === next;
    text += `NOT READ: ${printable(file)} ${what}.${said ? "" : ` ${next}`}\n`;
  }
  text += more(done.filesNotRead, done.firstNotRead.length);
  if (stopped) text += `STOPPED after ${count(rows, "row")}. They stay; to bring in the rest, import the same again.\n`;
  text += `${count(rows, "row")}: ${deposited} deposited, ${present} already present, ${superseded} superseded, ${rejected} rejected.`;
  text += ` Read as ${done.formats.join(", ")}.\n`;
  if (named > 0) text += `${count(named, "deposit")} got the name of a device from a list of devices.\n`;
  if (rows + named === 0) text += "It holds no recovery password: was it the right export?\n";
  if (rejected > 0)
    text += "A device whose row was rejected cannot be rescued: correct these rows, and import again.\n";
  return path === "-"
    ? text
    : `${text}${path} itself still holds recovery passwords in the clear: delete it or lock it away.\n`;
}

/** A line for every file: nothing of a folder or zip is passed over in silence. */
function filesTable({ firstFiles, filesRead }: FilesImported): string {
  if (filesRead < 2) return "";
  const rows = firstFiles.map(({ file, format, rows: found, devices, rejected }) => [
    printable(file),
    format,
    found + devices === 0 ? "EMPTY" : String(found),
    devices === 0 ? "" : String(devices),
    rejected === 0 ? "" : String(rejected),
  ]);
  const more = filesRead === firstFiles.length ? "" : `... and ${filesRead - firstFiles.length} more files.\n`;
  return `${formatTable(["FILE", "READ AS", "ROWS", "DEVICES", "REJECTED"], rows, terminalWidth())}${more}`;
}

function tableOf({ firstRejected }: FilesImported): string {
  if (firstRejected.length === 0) return "";
  const many = firstRejected.some(({ file }) => file !== null);
  const rows = firstRejected.map(({ file, line, protectorId, detail }) => {
    const row = [String(line), protectorId ?? "-", detail];
    return many ? [file ?? "-", ...row] : row;
  });
  const heads = ["LINE", "KEY PROTECTOR ID", "WHY IT WAS REJECTED"];
  return formatTable(many ? ["FILE", ...heads] : heads, rows, terminalWidth());
}
