import type { Ledger } from "../ledger/ledger.ts";
import type { Secret } from "../wire/secret.ts";
import { createVault } from "./vault.ts";
import { createdEntry } from "./vault-entries.ts";

/** Makes a vault whose releases will be entries of this ledger, and tells the ledger of it. The file is closed again. */
export async function foundVault(
  path: string,
  ledger: Pick<Ledger, "ledgerId" | "append">,
  options: { readonly clock: () => number; readonly passphrase: Secret<string>; readonly actor: string },
): Promise<{ readonly vaultId: string; readonly recipient: string }> {
  const { clock, passphrase, actor } = options;
  const vault = await createVault(path, { clock, passphrase, ledgerId: ledger.ledgerId });
  await vault.close();
  await ledger.append(createdEntry(vault, actor));
  return vault;
}
