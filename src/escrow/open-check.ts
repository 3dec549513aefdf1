import type { Ledger } from "../ledger/ledger.ts";
import { checkVault, type VaultCheck } from "./check.ts";
import type { Vault } from "./vault.ts";
import { type Act, checkedEntry, checkingEntry } from "./vault-entries.ts";

/**
 * Decrypts every record of an unsealed vault, whose file is at `path`, and looks at its first line. The ledger knows of it
 * before and after. `acts`: of the two entries.
 */
export async function checkEveryRecord(
  { vault, path, ledger }: { readonly vault: Vault; readonly path: string; readonly ledger: Ledger },
  acts: () => Act,
  onProgress: (deposits: number) => void,
): Promise<VaultCheck> {
  const receipt = await ledger.append(checkingEntry(vault, acts()));
  const check = await checkVault(path, { identity: vault.heldIdentity(), receipt }, onProgress);
  await ledger.append(checkedEntry(vault, check, acts()));
  return check;
}
