import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { foreignFile } from "../escrow/exports/foreign-file.ts";
import { isDatabase } from "../ledger/store-file.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";

const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EIO: "the disk reports an error",
  ENOSPC: "the disk is full",
  EROFS: "that disk is read-only",
};

/** A file system's error in words. */
export function fileCause(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return CAUSES[code ?? ""] ?? code ?? message;
}

/** The same for a file that is to be made: what is not there then is its folder. */
export function writeCause(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR" ? "there is no such folder" : fileCause(error);
}

/** Throws OperatorError if `file` is not there or is a folder. `unchanged` says what was left untouched. */
export function requireFile(file: string, what: string, unchanged: string): void {
  try {
    if (statSync(file).isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" });
  } catch (error) {
    throw unreadable(file, what, unchanged, error);
  }
}

/** What a file is by its first bytes, where it is plainly something else than text: "is an Excel workbook (or another of Office)". */
export function foreignKind(file: string): string | null {
  const head = Buffer.alloc(HEAD);
  const opened = openSync(file, "r");
  try {
    const bytes = head.subarray(0, readSync(opened, head));
    if (/^PK(\x03\x04|\x05\x06|\x07\x08)/.test(bytes.toString("latin1"))) return zipKind(file);
    if (isDatabase(bytes)) return "is a database";
    return foreignFile(bytes)?.what ?? null;
  } finally {
    closeSync(opened);
  }
}

const HEAD = 512;

/** Throws OperatorError if the file cannot be read, or is plainly something else than `what`, and says what it is. */
export function refuseForeign(file: string, what: string, unchanged: string, next: string): void {
  requireFile(file, what, unchanged);
  let kind: string | null;
  try {
    kind = foreignKind(file);
  } catch (error) {
    throw unreadable(file, what, unchanged, error);
  }
  if (kind !== null) throw new OperatorError(`The ${what} ${file} ${kind}. ${unchanged}`, next);
}

/** A workbook is a zip that has its sheets in the folder xl/; the names stand in it unpacked. */
function zipKind(file: string): string {
  return /\.xls[xmb]$/i.test(file) || readFileSync(file).includes("xl/") ? "is an Excel workbook" : "is a zip";
}

/** The text of a file that an operator named: UTF-8, or UTF-16LE with its mark, as Excel and PowerShell write it. */
export function readText(file: string, what: string, unchanged: string): string {
  const bytes = readBytes(file, what, unchanged);
  return new TextDecoder(bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : "utf-8").decode(bytes);
}

/** The bytes of a file that an operator named. */
export function readBytes(file: string, what: string, unchanged: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw unreadable(file, what, unchanged, error);
  }
}

function unreadable(file: string, what: string, unchanged: string, error: unknown): OperatorError {
  if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  return new OperatorError(
    `The ${what} ${file} cannot be read: ${fileCause(error)}. ${unchanged}`,
    "Check the path, and run the command again.",
    ExitCode.badInput,
  );
}
