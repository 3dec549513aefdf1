import { createReadStream, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { letsOthersIn } from "../server/platform/platform.ts";
import { PLATFORM } from "../server/platform/this-platform.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { Secret } from "../wire/secret.ts";
import { fileCause } from "./read-file.ts";

const MOST_BYTES = 4096;

/** Where a password may come from: an open descriptor, or a file that nobody else may read. Never an argument. */
interface SecretFrom {
  readonly fd: string | undefined;
  readonly file: string | undefined;
  /** The options' names, for messages. */
  readonly fdOption: string;
  readonly fileOption: string | null;
  /** What it is: `the account's password`. */
  readonly what: string;
}

/** One line from the descriptor or file that was named; null if neither was. Throws OperatorError. */
export async function readSecret(from: SecretFrom): Promise<Secret<string> | null> {
  if (from.fd !== undefined && from.file !== undefined)
    throw new OperatorError(
      `${from.fdOption} and ${from.fileOption} were both given. Nothing was asked.`,
      "Give one of them.",
    );
  if (from.fd !== undefined) return oneLine(await fromDescriptor(from.fd, from), from.what);
  if (from.file === undefined) return null;
  return oneLine(readPrivateFile(from.file, from.fileOption ?? "it"), from.what);
}

/** Bytes of a file that only its owner may read. Throws OperatorError, also if it is wider. */
export function readPrivateFile(file: string, option: string): Buffer {
  try {
    const { mode } = statSync(file);
    if (isOpen(mode, file))
      throw new OperatorError(
        `Others on this machine may read ${file} (mode ${(mode & 0o777).toString(8)}). Nothing was asked.`,
        `Close it first: chmod 600 ${file}. If others have had the time to read it, what is in it has to be changed.`,
        ExitCode.environment,
      );
    return readFileSync(file);
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw new OperatorError(
      `The file of ${option}, ${file}, cannot be read: ${fileCause(error)}. Nothing was asked.`,
      "Check the path, and run the command again.",
    );
  }
}

/**
 * systemd hands credentials to a unit with a `User=` through an access control list, whose mask shows as the group's bits
 * (0440); the folder around them is the unit's alone.
 */
function isOpen(mode: number, file: string): boolean {
  const credentials = process.env.CREDENTIALS_DIRECTORY;
  const fromSystemd = credentials !== undefined && dirname(resolve(file)) === resolve(credentials);
  return letsOthersIn(PLATFORM, mode, fromSystemd ? 0o007 : 0o077);
}

async function fromDescriptor(fd: string, { fdOption }: SecretFrom): Promise<Buffer> {
  if (!/^\d{1,4}$/.test(fd))
    throw new OperatorError(
      `${fdOption} takes the number of an open descriptor. Nothing was asked.`,
      `Example: ${fdOption} 3 3<FILE`,
    );
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of createReadStream("", { fd: Number(fd), autoClose: false })) {
      chunks.push(chunk as Buffer);
      length += (chunk as Buffer).length;
      if (length > MOST_BYTES) break;
    }
  } catch (error) {
    throw new OperatorError(
      `Descriptor ${fd} cannot be read (${(error as NodeJS.ErrnoException).code}). Nothing was asked.`,
      `Open it for this command, as in: ${fdOption} ${fd} ${fd}<FILE`,
    );
  }
  return Buffer.concat(chunks);
}

function oneLine(bytes: Buffer, what: string): Secret<string> {
  const text = bytes.toString("utf8").replace(/\r?\n$/, "");
  if (text !== "" && bytes.length <= MOST_BYTES && !/[\r\n]/.test(text)) return new Secret(text);
  throw new OperatorError(
    `What was given as ${what} is ${text === "" ? "empty" : "more than one line"}. Nothing was asked.`,
    "Give that one line and nothing else.",
  );
}
