import type { Vault } from "../escrow/vault.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { type PassphraseOption, readPassphrase } from "./passphrase.ts";

/** At a terminal a mistyped passphrase is asked for again; a descriptor has only one. */
export async function unseal(vault: Vault, options: PassphraseOption): Promise<void> {
  for (let left = options.passphraseFd === undefined ? 3 : 1; left > 0; left -= 1) {
    if ((await vault.unseal(await readPassphrase(options))) === "unsealed") return;
    if (left > 1) process.stderr.write("That does not open the vault. Is Caps Lock on?\n");
  }
  throw new OperatorError(
    "The passphrase does not open the vault. Nothing was started.",
    "Start again with the right one. To start without it (devices boot and wait, nothing is released): --sealed",
    ExitCode.refused,
  );
}
