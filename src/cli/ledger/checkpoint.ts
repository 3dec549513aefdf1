import { existsSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { checkpointPage, hexLines } from "../../dashboard/checkpoint-page.ts";
import { qrCode, symbolText } from "../../dashboard/symbol.ts";
import { type Checkpoint, checkpointJson, checkpointText } from "../../ledger/checkpoint.ts";
import { verifyLedger } from "../../ledger/verify.ts";
import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import { operatorActor } from "../actor.ts";
import { makeCheckpoint } from "../checkpoint-files.ts";
import { writeCause } from "../read-file.ts";
import { openStateLedger, stateFolder, withStateLedger } from "../state.ts";
import { type StateOption, withStateOption } from "../state-option.ts";
import { formatTime, printable, terminalWidth } from "../table.ts";

type CheckpointOptions = StateOption & {
  readonly out?: string;
  readonly html?: string;
  readonly printQr?: boolean;
  readonly json?: boolean;
};

export function defineCheckpoint(command: Command): void {
  withStateOption(command)
    .option("--out <FILE>", "write it to this new file, too")
    .option("--html <FILE>", "a page to print, for two people to sign")
    .option("--print-qr", "show its QR code, for a phone")
    .option("--json", "for scripts")
    .addHelpText("after", AFTER)
    .action(checkpoint);
}

const AFTER = `
It covers every entry up to the one it names. That it was made is an entry of its own, after that one.
The whole ledger is verified first: one that does not hold is not signed.
Exit code 0 if it was made, 1 if the ledger does not hold, 2 if a named file is there already, 4 if
something could not be written.`;

async function checkpoint(options: CheckpointOptions): Promise<void> {
  for (const file of [options.out, options.html]) refuseOld(file);
  const verdict = await withStateLedger(options, verifyLedger);
  if (!verdict.holds)
    throw new OperatorError(
      `The ledger does not hold: ${verdict.what}. Nothing was signed.`,
      "Keep the file as it is. What was done to it, says: breakglass ledger verify",
      ExitCode.negative,
    );
  const ledger = await openStateLedger(options);
  try {
    const { checkpoint: made, file } = await makeCheckpoint(stateFolder(options), ledger);
    if (options.out !== undefined) writeNew(options.out, checkpointJson(made));
    if (options.html !== undefined) writeNew(options.html, await checkpointPage(made, operatorActor()));
    const text = checkpointText(made);
    if (options.json) process.stdout.write(`${JSON.stringify({ ...made, file, text })}\n`);
    else process.stdout.write(`${describe(made, file)}${options.printQr ? `\n${await symbolFor(text)}` : ""}`);
  } finally {
    await ledger.close();
  }
}

function describe({ ledgerId, seq, hash, at, station, publicKey }: Checkpoint, file: string): string {
  const [indent, signer] = ["             ", printable(station)];
  return [
    `Entry        ${seq}`,
    `Hash         ${hexLines(hash).join(`\n${indent}`)}`,
    `Ledger       ${ledgerId}`,
    `Signed       ${formatTime(at)} by ${signer}`,
    `Station key  ${hexLines(publicKey).join(`\n${indent}`)}`,
    `Kept in      ${file}`,
    "",
    "It covers every entry up to this one. Keep a copy away from this station: a person who can write the",
    "ledger here can write what is kept beside it.",
    "",
  ].join("\n");
}

/** A symbol whose lines the terminal breaks is none. */
async function symbolFor(text: string): Promise<string> {
  const symbol = await qrCode(text);
  const columns = symbol.width + 8;
  if (terminalWidth() >= columns) return symbolText(symbol);
  return `The QR code takes ${columns} columns, and this terminal has ${terminalWidth()}: widen it, or print the page (--html).\n`;
}

function refuseOld(file: string | undefined): void {
  if (file === undefined || !existsSync(file)) return;
  throw new OperatorError(`${file} is there already and was left untouched. Nothing was signed.`, "Name another file.");
}

function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: "wx", flush: true });
  } catch (error) {
    throw new OperatorError(
      `${file} cannot be written: ${writeCause(error)}. The checkpoint itself was made and is in the state folder.`,
      "Copy it from there, or run the command again with another file.",
      ExitCode.environment,
    );
  }
}
