import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { DIRECTORIES, type Directory, rotationCommands } from "../../dashboard/rotation-commands.ts";
import { rotationCsv } from "../../dashboard/rotation-csv.ts";
import { isGoodReason } from "../../escrow/hand-release.ts";
import { markRotated } from "../../escrow/mark-rotated.ts";
import { type Due, nameOf } from "../../escrow/rotation.ts";
import { rotationDue } from "../../escrow/rotation-due.ts";
import { openVault, type Vault } from "../../escrow/vault.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import { operatorActor } from "../actor.ts";
import { pasteable } from "../next-step.ts";
import { writeCause } from "../read-file.ts";
import { openStateLedger, stateFolder } from "../state.ts";
import { type StateOption, withStateOption } from "../state-option.ts";
import { count, formatAge, formatTable, formatTime, printable, terminalWidth } from "../table.ts";

type ListOptions = StateOption & { readonly csv?: string; readonly json: boolean };
type CommandsOptions = StateOption & { readonly for?: Directory };
type DoneOptions = StateOption & { readonly reason: string; readonly json: boolean };

/** `breakglass escrow rotation list|commands|done`: passwords that were seen, and are to open nothing any more. */
export function defineList(command: Command): void {
  withStateOption(command)
    .option("--csv <FILE>", "write it to a new file, for the directory team")
    .option("--json", "for scripts", false)
    .action(listCommand);
}

export function defineCommands(command: Command): void {
  withStateOption(command)
    .addOption(new Option("--for <DIRECTORY>", "one directory's part alone").choices([...DIRECTORIES]))
    .addHelpText("after", "\nExit code 0. Nothing is printed on standard output if nothing is left to rotate.")
    .action(commandsCommand);
}

export function defineDone(command: Command): void {
  withStateOption(command)
    .argument("<device>", "its name, or the key protector ID: whole, or the first 8 characters")
    .requiredOption("--reason <TEXT>", "how you know, for the ledger")
    .option("--json", "for scripts", false)
    .addHelpText("after", "\nExit code 0 if it is off the list, 1 if the list has no such device or several.")
    .action(doneCommand);
}

/** One line for whoever ends a campaign; empty if nothing is to be rotated, or nobody can tell. */
export async function rotationLine(options: StateOption): Promise<string> {
  try {
    return rotationReminder((await withStores(options, rotationDue)).length);
  } catch (error) {
    if (error instanceof OperatorError) return "";
    throw error;
  }
}

function rotationReminder(due: number): string {
  if (due === 0) return "";
  return pasteable(
    `${count(due, "recovery password")} to rotate, since they left the vault: breakglass escrow rotation list\n`,
  );
}

async function listCommand(options: ListOptions): Promise<void> {
  const due = await withStores(options, rotationDue);
  if (options.csv !== undefined) writeNew(options.csv, rotationCsv(due));
  if (options.json) return print(due.map((each) => ({ ...each, device: nameOf(each), mac: each.device })));
  if (due.length === 0) return say("Nothing is left to rotate.\n");
  if (options.csv === undefined) say(table(due));
  else say(`The list is in ${options.csv}.\n`);
  say(
    `${pasteable(
      `${count(due.length, "recovery password")} to rotate. What to run for that: breakglass escrow rotation commands\n`,
    )}Then import a newer export: what it replaces is off the list by itself.\n`,
  );
}

function table(due: readonly Due[]): string {
  const now = Date.now();
  const rows = due.map((each) => [
    nameOf(each) ?? each.device ?? "-",
    each.protectorId,
    formatTime(each.releasedAt),
    formatAge(now - each.releasedAt),
    each.by,
    each.why,
  ]);
  return formatTable(["DEVICE", "KEY PROTECTOR ID", "RELEASED", "AGE", "BY", "WHY"], rows, terminalWidth());
}

async function commandsCommand(options: CommandsOptions): Promise<void> {
  const due = await withStores(options, rotationDue);
  const parts = (options.for === undefined ? DIRECTORIES : [options.for]).map((each) => rotationCommands(due, each));
  say(parts.filter((part) => part !== "").join("\n"));
  if (parts.every((part) => part === "")) process.stderr.write("Nothing is left to rotate there.\n");
}

async function doneCommand(named: string, options: DoneOptions): Promise<void> {
  if (!isGoodReason(options.reason))
    throw new OperatorError(
      "--reason is empty, longer than 500 characters, or has a recovery password in it. Nothing was written down.",
      "Say in a few words how you know that it was rotated.",
    );
  const saying = { reason: options.reason, actor: operatorActor(), fresh: randomUUID() };
  const { fitting, devices } = await withStores(options, (ledger, vault) => markRotated(ledger, vault, named, saying));
  if (devices !== 1) process.exitCode = ExitCode.negative;
  if (options.json) return print({ rotated: devices === 1 ? fitting.map(({ protectorId }) => protectorId) : [] });
  if (devices === 0) return say(`The rotation list has no ${printable(named)}. Nothing was written down.\n`);
  if (devices > 1)
    return say(`${table(fitting)}\nSeveral devices fit. Nothing was written down. Name one by its name or whole ID.\n`);
  say(`Off the list: ${fitting.map(({ protectorId }) => protectorId).join(", ")}.\n`);
}

async function withStores<T>(options: StateOption, act: (ledger: Ledger, vault: Vault) => Promise<T>): Promise<T> {
  const vault = await openVault(stateFolder(options).vault, { clock: Date.now });
  const ledger = await openStateLedger(options);
  try {
    return await act(ledger, vault);
  } finally {
    await ledger.close();
    await vault.close();
  }
}

function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: "wx" });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "EEXIST" ? "is there already, and stays as it is" : `cannot be written: ${writeCause(error)}`;
    throw new OperatorError(`${file} ${why}.`, "Name another file with --csv.");
  }
}

function say(text: string): void {
  process.stdout.write(text);
}

function print(value: unknown): void {
  say(`${JSON.stringify(value)}\n`);
}
