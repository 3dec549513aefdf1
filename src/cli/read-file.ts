import { readFileSync, statSync } from "node:fs";
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

/** Throws OperatorError if `file` is not there or is a folder. `unchanged` says what was left untouched. */
export function requireFile(file: string, what: string, unchanged: string): void {
  try {
    if (statSync(file).isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" });
  } catch (error) {
    throw unreadable(file, what, unchanged, error);
  }
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
