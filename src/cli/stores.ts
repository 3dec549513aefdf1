import { openVault, type Vault } from "../escrow/vault.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { openStateLedger, stateFolder } from "./state.ts";
import type { StateOption } from "./state-option.ts";

/** Vault and ledger of the state folder, open for `act` and closed after it; refused if they do not belong together. */
export async function withStores<T>(
  options: StateOption,
  act: (vault: Vault, ledger: Ledger) => Promise<T>,
): Promise<T> {
  const vault = await openVault(stateFolder(options).vault, { clock: Date.now });
  try {
    const ledger = await openStateLedger(options);
    try {
      return await act(vault, ledger);
    } finally {
      await ledger.close();
    }
  } finally {
    await vault.close();
  }
}
