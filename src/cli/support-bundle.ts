import { once } from "node:events";
import { createWriteStream, rmSync } from "node:fs";
import { hostname } from "node:os";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { Command } from "commander";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { withoutPasswords } from "../wire/without-passwords.ts";
import { writeCause } from "./read-file.ts";
import { type StateFolder, stateFolder } from "./state.ts";
import { type StateOption, withStateOption } from "./state-option.ts";

export function defineSupportBundle(command: Command): void {
  withStateOption(command)
    .option("--out <FILE>", "the new file (default: breakglass-support-HOST-TIME.jsonl.gz here)")
    .addHelpText("after", AFTER)
    .action(supportBundle);
}

const AFTER = `
JSON lines in gzip: versions, log, ledger, status, image manifests, names in the
state folder, free space, clock. No vault, key, token or passphrase is in it;
names, serial numbers and addresses of devices are. Read it: zcat FILE | less
Exit code 0 if it was made, 2 if the file is there already, 4 if it could not be
written or this user may not open the state folder.`;

async function supportBundle(options: StateOption & { readonly out?: string }): Promise<void> {
  const folder = stateFolder(options);
  const time = new Date().toISOString().replace(/\.\d+|[-:]/g, "");
  const out = options.out ?? `breakglass-support-${hostname()}-${time}.jsonl.gz`;
  // "wx" takes a new name alone: neither a file that is there nor a link is written through.
  const file = createWriteStream(out, { flags: "wx", mode: 0o600, flush: true });
  try {
    await once(file, "open");
  } catch (error) {
    throw notWritten(out, error);
  }
  try {
    await pipeline(texts(folder), createGzip(), file);
  } catch (error) {
    rmSync(out, { force: true });
    throw (error as NodeJS.ErrnoException).code === undefined ? error : notWritten(out, error);
  }
  process.stdout.write(
    `${out} has ${file.bytesWritten} bytes, and no vault, key, token or passphrase. It has names, serial numbers and\naddresses of devices: look through it before you send it (zcat FILE | less).\n`,
  );
}

async function* texts(folder: StateFolder): AsyncGenerator<string> {
  const { bundleLines } = await import("./bundle-parts.ts");
  let lines = 0;
  for await (const line of bundleLines(folder)) {
    lines += 1;
    yield `${withoutPasswords(JSON.stringify(line))}\n`;
  }
  yield `${JSON.stringify({ part: "end", lines })}\n`;
}

function notWritten(out: string, error: unknown): OperatorError {
  const there = (error as NodeJS.ErrnoException).code === "EEXIST";
  const why = there ? "is there already and was left untouched" : `cannot be written: ${writeCause(error)}`;
  return new OperatorError(
    `${out} ${why}. No bundle was made.`,
    "Name another file with --out.",
    there ? ExitCode.badInput : ExitCode.environment,
  );
}
