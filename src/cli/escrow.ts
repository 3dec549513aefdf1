import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { basename } from "node:path";
import type { Command } from "commander";
import { KNOWN_HEADERS } from "../escrow/csv.ts";
import type { Deposit } from "../escrow/deposit.ts";
import { csvRows, type ImportReport, importRows } from "../escrow/import.ts";
import { createVault, openVault, type Vault } from "../escrow/vault.ts";
import { VAULT } from "../escrow/vault-file.ts";
import { refuseExisting } from "../ledger/store-file.ts";
import { parseGuid } from "../wire/guid.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { operatorActor } from "./actor.ts";
import { registerStatus } from "./escrow-status.ts";
import { registerSync } from "./escrow-sync.ts";
import { type PassphraseOption, readNewPassphrase } from "./passphrase.ts";
import { fileCause, requireFile } from "./read-file.ts";
import { openStateLedger, type StateOption, stateFolder, withStateOption } from "./state.ts";
import { count, formatTable, formatTime, terminalWidth } from "./table.ts";

type Options = StateOption & { readonly json?: boolean };

/** `breakglass escrow init|import|find|status`. None of them ever shows a recovery password. */
export function register(program: Command): void {
  const escrow = program.command("escrow").description("the recovery passwords this station may release");

  withStateOption(escrow.command("init"))
    .description("make a new, empty vault under a passphrase")
    .option("--passphrase-fd <N>", "read the passphrase from this open descriptor instead of asking for it")
    .option("--json", "for scripts")
    .action(init);

  withStateOption(escrow.command("import"))
    .description("deposit a directory's CSV export; the vault may stay sealed")
    .argument("<file>", `first line ${KNOWN_HEADERS}`)
    .option("--json", "for scripts")
    .addHelpText("after", "\nExit code 0 if every row is in the vault, 1 if some were rejected (the others are in).")
    .action(importFile);

  withStateOption(escrow.command("find"))
    .description("which deposits fit; shows no recovery password")
    .argument(
      "<text...>",
      "a key protector ID, its first 8 characters as the recovery screen shows them, or a device name",
    )
    .option("--json", "for scripts")
    .addHelpText("after", "\nExit code 0 if something fits, 1 if nothing does.")
    .action(find);

  registerStatus(escrow);
  registerSync(escrow);
}

async function init(options: Options & PassphraseOption): Promise<void> {
  const { vault: path } = stateFolder(options, true);
  refuseExisting(path, VAULT);
  const passphrase = await readNewPassphrase(options);
  const ledger = await openStateLedger(options, true);
  try {
    const vault = await createVault(path, { clock: Date.now, passphrase });
    const { vaultId, recipient } = vault;
    await vault.close();
    const body = { type: "vault.created", vaultId, recipient };
    await ledger.append({ body, actor: operatorActor(), commandId: `vault:${vaultId}` });
    if (options.json) return print({ vault: path, vaultId, recipient });
    process.stdout.write(
      `A new vault is at ${path}. Without its passphrase nobody, you included, can open what it holds.\n` +
        "Fill it with: breakglass escrow import FILE.csv\n",
    );
  } finally {
    await ledger.close();
  }
}

async function importFile(file: string, options: Options): Promise<void> {
  const report = await withVault(options, async (vault) => {
    requireFile(file, "export", "Nothing was deposited.");
    const ledger = await openStateLedger(options, true);
    const stopping = new AbortController();
    const stop = () => stopping.abort();
    process.once("SIGINT", stop).once("SIGTERM", stop);
    try {
      const source = basename(file);
      const options = { source, onProgress: showProgress, stop: stopping.signal };
      const done = await importRows(csvRows(bytesOf(file), source), vault, options);
      const { deposited, present, superseded, stopped } = done;
      const counts = {
        deposited,
        present,
        superseded,
        rejected: done.rejected.length,
        conflicts: done.conflicts.length,
      };
      const body = { type: "vault.imported", vaultId: vault.vaultId, source, ...counts, ...(stopped && { stopped }) };
      await ledger.append({ body, actor: operatorActor(), commandId: `import:${randomUUID()}` });
      return done;
    } finally {
      process.off("SIGINT", stop).off("SIGTERM", stop);
      await ledger.close();
    }
  });
  if (report.rejected.length > 0 || report.stopped) process.exitCode = ExitCode.negative;
  if (options.json) print(report);
  else process.stdout.write(describeImport(report, file));
}

async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(file)) yield chunk as Uint8Array;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new OperatorError(
      `The export ${file} cannot be read to its end: ${fileCause(error)}. Rows read before that, if any, are in the vault.`,
      "Copy the file to this machine and import it again: what is in the vault already stays.",
    );
  }
}

function showProgress(rows: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${rows} rows so far (Ctrl-C stops)`);
}

function describeImport(report: ImportReport, file: string): string {
  const { rows, deposited, present, superseded, rejected, conflicts, stopped } = report;
  let text = process.stderr.isTTY ? "\r\u001b[K" : "";
  if (rejected.length > 0) {
    const lines = rejected.map(({ line, protectorId, detail }) => [String(line), protectorId ?? "-", detail]);
    text += `${formatTable(["LINE", "KEY PROTECTOR ID", "WHY IT WAS REJECTED"], lines, terminalWidth())}\n`;
  }
  for (const { line, protectorId, passwords } of conflicts)
    text += `Line ${line}: the vault has ${passwords} different passwords for ${protectorId}. The newest is tried first.\n`;
  if (stopped) text += `STOPPED after ${count(rows, "row")}. They stay; to bring in the rest, import the file again.\n`;
  text += `${count(rows, "row")}: ${deposited} deposited, ${present} already present, ${superseded} superseded, ${rejected.length} rejected.\n`;
  if (rejected.length > 0)
    text += "A device whose row was rejected cannot be rescued: correct these rows, and import again.\n";
  return `${text}${file} itself still holds recovery passwords in the clear: delete it or lock it away.\n`;
}

async function find(words: readonly string[], options: Options): Promise<void> {
  const text = words.join(" ").trim();
  const found = await withVault(options, async (vault) => findDeposits(vault, text));
  if (found.length === 0) process.exitCode = ExitCode.negative;
  if (options.json) return print(found);
  if (found.length === 0) process.stdout.write(`Nothing in the vault fits. ${FIND_TAKES}\n`);
  else
    process.stdout.write(
      formatTable(
        ["DEVICE", "KEY PROTECTOR ID", "DIRECTORY", "SOURCE", "DEPOSITED"],
        found.map(({ deviceName, protectorId, directory, source, depositedAt }) => [
          deviceName ?? "-",
          protectorId,
          directory ?? "-",
          source,
          formatTime(depositedAt),
        ]),
        terminalWidth(),
      ),
    );
}

const FIND_TAKES = "It looks for a whole key protector ID, its first 8 characters, or a whole device name.";

/** A device may be named like 8 hex digits, so both readings are looked up. */
function findDeposits(vault: Vault, text: string): Deposit[] {
  if (text === "") throw new OperatorError("There is nothing to look for.", FIND_TAKES);
  if (/^(?:[0-9]{6}[ -]*){3,}[0-9]{0,5}$/.test(text))
    throw new OperatorError(
      "That looks like a recovery password, and other programs can read a command's arguments. Nothing was looked up.",
      "Look for the key protector ID or the device name instead.",
    );
  if (/^\{?[0-9a-f]{8}-[0-9a-f-]{27}\}?$/i.test(text)) return vault.find({ protectorId: parseGuid(text) });
  const named = vault.find({ deviceName: text });
  const starting = /^[0-9a-f]{8}$/i.test(text) ? vault.find({ first8: text }) : [];
  return [...starting, ...named.filter(({ depositId }) => !starting.some((each) => each.depositId === depositId))];
}

async function withVault<T>(options: StateOption, act: (vault: Vault) => Promise<T>): Promise<T> {
  const vault = await openVault(stateFolder(options).vault, { clock: Date.now });
  try {
    return await act(vault);
  } finally {
    await vault.close();
  }
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
