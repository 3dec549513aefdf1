import type { Command } from "commander";
import type { Deposit } from "../escrow/deposit.ts";
import { createVault, openVault, type Vault } from "../escrow/vault.ts";
import { VAULT } from "../escrow/vault-file.ts";
import { refuseExisting } from "../ledger/store-file.ts";
import { parseGuid } from "../wire/guid.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { operatorActor } from "./actor.ts";
import { registerImport } from "./escrow-import.ts";
import { registerStatus } from "./escrow-status.ts";
import { registerSync } from "./escrow-sync.ts";
import { type PassphraseOption, readNewPassphrase } from "./passphrase.ts";
import { openStateLedger, type StateOption, stateFolder, withStateOption } from "./state.ts";
import { formatTable, formatTime, terminalWidth } from "./table.ts";

type Options = StateOption & { readonly json?: boolean };

/** `breakglass escrow init|find|status`, and the verbs that have a file of their own. None of them ever shows a recovery password. */
export function register(program: Command): void {
  const escrow = program.command("escrow").description("the recovery passwords this station may release");

  withStateOption(escrow.command("init"))
    .description("make a new, empty vault under a passphrase")
    .option("--passphrase-fd <N>", "read the passphrase from this open descriptor instead of asking for it")
    .option("--json", "for scripts")
    .action(init);

  registerImport(escrow);

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
