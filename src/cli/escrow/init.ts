import type { Command } from "commander";
import { foundVault } from "../../escrow/found-vault.ts";
import { VAULT } from "../../escrow/vault-file.ts";
import { refuseExisting } from "../../ledger/store-file.ts";
import { guardMemory } from "../../server/guard.ts";
import { operatorActor } from "../actor.ts";
import { pasteable } from "../next-step.ts";
import { type PassphraseOption, readNewPassphrase } from "../passphrase.ts";
import { printJson } from "../print-json.ts";
import { openStateLedger, stateFolder } from "../state.ts";
import { type StateOption, withStateOption } from "../state-option.ts";

type Options = StateOption & { readonly json?: boolean };

/** `breakglass escrow …`. None but `release` ever shows a recovery password. */
export function defineInit(command: Command): void {
  withStateOption(command)
    .option("--passphrase-fd <N>", "read the passphrase from this open descriptor instead of asking for it")
    .option("--json", "for scripts")
    .action(init);
}

async function init(options: Options & PassphraseOption): Promise<void> {
  const { vault: path } = stateFolder(options, true);
  refuseExisting(path, VAULT);
  guardMemory();
  const passphrase = await readNewPassphrase(options);
  const ledger = await openStateLedger(options, true);
  try {
    const how = { clock: Date.now, passphrase, actor: operatorActor() };
    const { vaultId, recipient } = await foundVault(path, ledger, how);
    if (options.json) return printJson({ vault: path, vaultId, recipient });
    process.stdout.write(
      `A new vault is at ${path}. Without its passphrase nobody, you included, can open what it holds.\n` +
        pasteable("Fill it with: breakglass escrow import FILE.csv\n"),
    );
  } finally {
    await ledger.close();
  }
}
