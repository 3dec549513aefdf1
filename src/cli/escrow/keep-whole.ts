import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { adoptLedger } from "../../escrow/adopt-ledger.ts";
import { backUp } from "../../escrow/backup.ts";
import { checkVault, type VaultCheck } from "../../escrow/check.ts";
import { checkEveryRecord } from "../../escrow/open-check.ts";
import { restore as restoreBackup, type SinceBackup, stageBackup, whyNoBackup } from "../../escrow/restore.ts";
import { openVault } from "../../escrow/vault.ts";
import { ledgerOfVault } from "../../escrow/vault-file.ts";
import { StoreError } from "../../ledger/store-error.ts";
import { handOver } from "../../server/unseal-socket.ts";
import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import { operatorActor } from "../actor.ts";
import { pasteable } from "../next-step.ts";
import { unsealVault } from "../opener.ts";
import { type OpenerOption, withOpenerOptions } from "../opener-options.ts";
import { printJson } from "../print-json.ts";
import { foreignKind, requireFile } from "../read-file.ts";
import { openStateLedger, stateFolder } from "../state.ts";
import { type StateOption, withStateOption } from "../state-option.ts";
import { withStores } from "../stores.ts";
import { count, formatTable, printable, terminalWidth } from "../table.ts";

type Options = StateOption & { readonly json?: boolean };

/** `breakglass escrow verify|backup|restore|adopt-ledger`: is the vault whole, and what if not. */
export function defineVerify(command: Command): void {
  withOpenerOptions(withStateOption(command))
    .option("--open", "decrypt every record and look at its first line; shows no recovery password")
    .option("--json", "for scripts")
    .addHelpText("after", "\nExit code 0 if all of it is good, 1 if something is damaged.")
    .action(verify);
}

export function defineBackup(command: Command): void {
  withStateOption(command)
    .requiredOption("--out <FILE>", "a new file")
    .option("--json", "for scripts")
    .addHelpText(
      "after",
      "\nExit code 0 if it was made, 1 if the vault itself is damaged, 3 if the file is there already.",
    )
    .action(backup);
}

export function defineRestore(command: Command): void {
  withStateOption(command)
    .argument("<file>", "what escrow backup wrote")
    .option("--json", "for scripts")
    .addHelpText("after", "\nExit code 0 if it is in place, 1 if the backup is damaged, 3 if it is refused.")
    .action(restore);
}

export function defineAdoptLedger(command: Command): void {
  withStateOption(command)
    .requiredOption("--reason <TEXT>", "why, for the ledger")
    .addHelpText("after", "\nExit code 0 if the vault now belongs to it, 3 if it did already.")
    .action(adopt);
}

async function verify(options: Options & OpenerOption & { readonly open?: boolean }): Promise<void> {
  const { vault: path } = stateFolder(options);
  let check: VaultCheck;
  try {
    check = options.open ? await openAll(path, options) : await checkVault(path, null, showProgress);
  } catch (error) {
    if (!(error instanceof StoreError) || !/^(damaged|not-a-store)$/.test(error.fault)) throw error;
    check = { vaultId: null, deposits: 0, locks: 0, damage: [error.message], bad: [], opened: false };
  }
  const good = check.damage.length === 0 && check.bad.length === 0;
  if (!good) process.exitCode = ExitCode.negative;
  if (options.json) printJson({ good, ...check });
  else process.stdout.write(describe(check));
}

function openAll(path: string, options: Options & OpenerOption): Promise<VaultCheck> {
  return withStores(options, async (vault, ledger) => {
    await unsealVault(vault, options, "Nothing was checked.");
    return checkEveryRecord({ vault, path, ledger }, act, showProgress);
  });
}

function showProgress(deposits: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${deposits} deposits so far`);
}

function describe({ deposits, damage, bad, opened }: VaultCheck): string {
  const clear = process.stderr.isTTY ? "\r\u001b[K" : "";
  const looked = opened ? "every record opens" : "every record has the right shape (whether it opens, --open tells)";
  if (damage.length === 0 && bad.length === 0)
    return `${clear}The vault is whole: ${count(deposits, "deposit")}, ${looked}.\n`;
  let text = `${clear}THE VAULT IS DAMAGED.\n`;
  for (const line of damage) text += `the file: ${printable(line)}\n`;
  const rows = bad.map(({ number, protectorId, deviceName, what }) => [
    String(number),
    protectorId ?? "-",
    deviceName ?? "-",
    what,
  ]);
  if (rows.length > 0)
    text += `\n${formatTable(["DEPOSIT", "KEY PROTECTOR ID", "DEVICE", "WHAT IS WRONG"], rows, terminalWidth())}`;
  return `${text}${count(deposits - bad.length, "deposit")} of ${deposits} can be used as they are.\n  next: ${pasteable("Import these devices' exports again, or put a backup in its place: breakglass escrow restore FILE\n")}`;
}

async function backup(options: Options & { readonly out: string }): Promise<void> {
  const out = resolve(options.out);
  await withStores(options, async (_vault, ledger) => {
    const { vaultId, deposits, sha256 } = await backUp(stateFolder(options).vault, ledger, out, act());
    if (options.json) return printJson({ out, vaultId, deposits, sha256 });
    process.stdout.write(
      `${out}: ${count(deposits, "deposit")}, read back and whole. What opens the vault now opens this copy for ever:\n` +
        "keep it where you would keep the vault, and on another disk.\n",
    );
  });
}

async function restore(file: string, options: Options): Promise<void> {
  requireFile(file, "backup", "Nothing was restored.");
  refuseNoBackup(file);
  const { folder, vault: path, unsealSocket } = stateFolder(options, true);
  if ((await handOver(unsealSocket, null)) !== "no-station")
    throw new OperatorError(
      `A station serves from ${folder}, with the vault that would go. Nothing was restored.`,
      "Stop it (Ctrl-C where `serve` runs), then restore.",
      ExitCode.refused,
    );
  const staged = await stageBackup(file, `${path}.restoring`);
  const ledger = await openStateLedger(options, true, "allow");
  try {
    const { vaultId, deposits, kept, since: lost } = await restoreBackup(path, ledger, staged, act(), Date.now());
    if (options.json) return printJson({ vaultId, deposits, kept, importsSince: lost?.imports ?? null });
    process.stdout.write(describeRestore(path, deposits, kept, lost));
    const bound = ledgerOfVault(path);
    if (bound !== null && bound !== ledger.ledgerId)
      process.stdout.write(
        pasteable(
          `The backup belongs to ledger ${bound}, and that is not the one here. Put that one back, or go on with: breakglass escrow adopt-ledger --reason TEXT\n`,
        ),
      );
  } finally {
    rmSync(staged.staged, { force: true });
    await ledger.close();
  }
}

/** By the file's first bytes, before anything of it is copied. */
function refuseNoBackup(file: string): void {
  const kind = foreignKind(file);
  const what = kind !== null && !kind.startsWith("is a database") ? kind : whyNoBackup(file);
  if (what === null) return;
  throw new OperatorError(
    `${file} is no backup of a vault: it ${what}. Nothing was restored.`,
    "Name the file that `breakglass escrow backup` wrote.",
  );
}

function describeRestore(path: string, deposits: number, kept: string | null, lost: SinceBackup | null): string {
  let text = `${path} is the backup now: ${count(deposits, "deposit")}.\n`;
  if (kept !== null) text += `What was there is kept as ${kept}.\n`;
  if (lost === null) text += "This ledger does not know the backup: what is newer than it, nobody here can tell.\n";
  else if (lost.imports.length > 0)
    text += `Imported after the backup, and to be imported again: ${lost.imports.map(printable).join(", ")}.\n`;
  if (lost === null || lost.relocked)
    text += pasteable("It opens with the passphrase and the cards of its own day: breakglass escrow lock list\n");
  return text;
}

async function adopt(options: StateOption & { readonly reason: string }): Promise<void> {
  const vault = await openVault(stateFolder(options).vault, { clock: Date.now });
  const ledger = await openStateLedger(options, true, "allow");
  try {
    const answer = await adoptLedger(vault, ledger, options.reason, act());
    if (answer === "belongs-already")
      throw new OperatorError(
        "The vault belongs to this ledger already. Nothing was written.",
        "Go on as usual.",
        ExitCode.refused,
      );
    process.stdout.write(
      `The vault belongs to ledger ${ledger.ledgerId} now. What the lost one knew is gone: which recovery passwords were released,\n` +
        "whose rotation is due, and how far the caps were used up. Write down where you last saw it.\n",
    );
  } finally {
    await ledger.close();
    await vault.close();
  }
}

const act = () => ({ actor: operatorActor(), fresh: randomUUID() });
