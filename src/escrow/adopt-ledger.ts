import type { Ledger } from "../ledger/ledger.ts";
import type { Vault } from "./vault.ts";
import { type Act, ledgerChangedEntry } from "./vault-entries.ts";

/** The vault goes on with another ledger than its own; refused if it belongs to that one already. */
export async function adoptLedger(
  vault: Vault,
  ledger: Ledger,
  reason: string,
  act: Act,
): Promise<"adopted" | "belongs-already"> {
  const { ledgerId: was } = vault;
  if (was === ledger.ledgerId) return "belongs-already";
  await ledger.append(ledgerChangedEntry(vault, was, reason, act));
  vault.bindLedger(ledger.ledgerId);
  return "adopted";
}
