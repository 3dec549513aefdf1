import type { Command } from "commander";
import { createVault, openVault, type Vault } from "../escrow/vault.ts";
import { VAULT } from "../escrow/vault-file.ts";
import { refuseExisting } from "../ledger/store-file.ts";
import { guardMemory } from "../server/guard.ts";
import { operatorActor } from "./actor.ts";
import { registerCare } from "./escrow-care.ts";
import { registerCoverage } from "./escrow-coverage.ts";
import { registerFind } from "./escrow-find.ts";
import { registerImport } from "./escrow-import.ts";
import { registerLocks } from "./escrow-locks.ts";
import { registerOut } from "./escrow-out.ts";
import { registerUnseal } from "./escrow-unseal.ts";
import { type PassphraseOption, readNewPassphrase } from "./passphrase.ts";
import { openStateLedger, type StateOption, sayForeignLedger, stateFolder, withStateOption } from "./state.ts";
import { count, formatTable, formatTime, terminalWidth } from "./table.ts";

type Options = StateOption & { readonly json?: boolean };

/** `breakglass escrow …`. None but `release` ever shows a recovery password. */
export function register(program: Command): void {
  const escrow = program.command("escrow").description("the recovery passwords this station may release");

  withStateOption(escrow.command("init"))
    .description("make a new, empty vault under a passphrase")
    .option("--passphrase-fd <N>", "read the passphrase from this open descriptor instead of asking for it")
    .option("--json", "for scripts")
    .action(init);

  registerImport(escrow);

  withStateOption(escrow.command("status"))
    .description("what the vault holds, counted without opening anything")
    .option("--json", "for scripts")
    .action(status);

  registerOut(escrow);
  registerFind(escrow);
  registerCoverage(escrow);
  registerCare(escrow);
  registerLocks(escrow);
  registerUnseal(escrow);
}

async function init(options: Options & PassphraseOption): Promise<void> {
  const { vault: path } = stateFolder(options, true);
  refuseExisting(path, VAULT);
  guardMemory();
  const passphrase = await readNewPassphrase(options);
  const ledger = await openStateLedger(options, true);
  try {
    const vault = await createVault(path, { clock: Date.now, passphrase, ledgerId: ledger.ledgerId });
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

async function status(options: Options): Promise<void> {
  sayForeignLedger(options);
  const found = await withVault(options, async (vault) => vault.status());
  if (options.json) return print(found);
  const { deposits, protectors, devices, conflicts, createdAt, lastDepositAt, recipient } = found;
  process.stdout.write(
    `${count(deposits, "recovery password")} for ${count(protectors, "key protector")}, ${count(devices, "device")} named.\n` +
      `last deposit  ${lastDepositAt === null ? "none yet" : formatTime(lastDepositAt)}\n` +
      `vault made    ${formatTime(createdAt)}\n` +
      `recipient     ${recipient}\n`,
  );
  for (const protectorId of conflicts)
    process.stdout.write(`Several different passwords for ${protectorId}: the newest is tried first.\n`);
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
