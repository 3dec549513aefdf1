import { fstatSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { PLATFORM } from "../../server/platform/this-platform.ts";
import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import type { Secret } from "../../wire/secret.ts";

const NOTHING = "Nothing was released.";
const EXAMPLE = "Open one for this command, as in: --fd 3 3> >(your-program)";

/** The number of `--fd N`: open for writing, no terminal, and none of the three that every program has. Else OperatorError. */
export function passwordDescriptor(text: string): number {
  const refuse = (why: string): never => {
    throw new OperatorError(`${why} ${NOTHING}`, EXAMPLE);
  };
  if (!/^\d{1,4}$/.test(text)) return refuse("--fd takes the number of an open descriptor.");
  const descriptor = Number(text);
  if (descriptor < 3) return refuse(`Descriptor ${descriptor} is what everybody sees and logs keep.`);
  if (PLATFORM.isOwnDescriptor(descriptor)) return refuse(`Descriptor ${descriptor} is not open for this command.`);
  if (isatty(descriptor)) return refuse(`Descriptor ${descriptor} is a terminal, which keeps what it showed.`);
  try {
    const [given, output] = [fstatSync(descriptor), fstatSync(1)];
    const same = given.ino === output.ino && given.dev === output.dev && !given.isCharacterDevice();
    if (same) return refuse(`Descriptor ${descriptor} leads where standard output does.`);
    writeSync(descriptor, new Uint8Array(0));
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    return refuse(`Descriptor ${descriptor} cannot be written to (${(error as NodeJS.ErrnoException).code}).`);
  }
  return descriptor;
}

/** Writes the password and a line feed, nothing else. The ledger has the release by now, whatever becomes of this. */
export function writePassword(descriptor: number, password: Secret<string>): void {
  try {
    const bytes = Buffer.from(`${password.reveal()}\n`);
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
  } catch (error) {
    throw new OperatorError(
      `Descriptor ${descriptor} did not take the recovery password (${(error as NodeJS.ErrnoException).code}). The ledger counts it as released.`,
      "See to the program that reads it, and run the command again.",
      ExitCode.environment,
    );
  }
}
