import type { BodyOf } from "../ledger/events/event.ts";
import type { OpenedBy } from "../ledger/events/vault.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type Act, sealedEntry, unsealedEntry } from "./vault-entries.ts";

/** Writes down that the vault was opened, before any record is; the entry's sequence. */
export async function recordUnsealed(
  ledger: Pick<Ledger, "append">,
  vault: { readonly vaultId: string },
  openedBy: OpenedBy,
  act: Act,
): Promise<number> {
  return (await ledger.append(unsealedEntry(vault, openedBy, act))).seq;
}

/** Seals a vault that is open, and writes it down after: a ledger that cannot write must not keep it open. */
export async function sealAndRecord(
  ledger: Pick<Ledger, "append">,
  vault: { readonly vaultId: string; readonly sealed: boolean; seal(): void },
  reason: BodyOf<"vault.sealed">["reason"],
  act: Act,
): Promise<void> {
  if (vault.sealed) return;
  vault.seal();
  await ledger.append(sealedEntry(vault, reason, act));
}
