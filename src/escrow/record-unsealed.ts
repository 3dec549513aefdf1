import type { OpenedBy } from "../ledger/events/vault.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type Act, unsealedEntry } from "./vault-entries.ts";

/** Writes down that the vault was opened, before any record is; the entry's sequence. */
export async function recordUnsealed(
  ledger: Pick<Ledger, "append">,
  vault: { readonly vaultId: string },
  openedBy: OpenedBy,
  act: Act,
): Promise<number> {
  return (await ledger.append(unsealedEntry(vault, openedBy, act))).seq;
}
