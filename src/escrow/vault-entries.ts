import type { NewEntry } from "../ledger/entry.ts";
import type { BodyOf } from "../ledger/events/event.ts";
import type { OpenedBy } from "../ledger/events/vault.ts";
import type { VaultCheck } from "./check.ts";

// What the ledger is told of a vault: each act's entry, composed here alone. `fresh` is unlike every other act's.

/** Who acts, as the ledger names actors, and a text that no other act has. */
export interface Act {
  readonly actor: string;
  readonly fresh: string;
}

type Which = { readonly vaultId: string };

/** After a vault was made. It is told once. */
export function createdEntry({ vaultId, recipient }: Which & { readonly recipient: string }, actor: string): NewEntry {
  return { body: { type: "vault.created", vaultId, recipient }, actor, commandId: `vault:${vaultId}` };
}

/** Before the vault's records can be opened. */
export function unsealedEntry({ vaultId }: Which, openedBy: OpenedBy, { actor, fresh }: Act): NewEntry {
  return { body: { type: "vault.unsealed", vaultId, openedBy }, actor, commandId: `vault.unsealed:${fresh}` };
}

/** After the vault was sealed: a ledger that cannot write must not keep it open. */
export function sealedEntry(
  { vaultId }: Which,
  reason: BodyOf<"vault.sealed">["reason"],
  { actor, fresh }: Act,
): NewEntry {
  return { body: { type: "vault.sealed", vaultId, reason }, actor, commandId: `vault.sealed:${fresh}` };
}

/** After an export was read, whole or up to where it was stopped. */
export function importedEntry(
  { vaultId }: Which,
  report: Omit<BodyOf<"vault.imported">, "type" | "vaultId">,
  { actor, fresh }: Act,
): NewEntry {
  return { body: { type: "vault.imported", vaultId, ...report }, actor, commandId: `import:${fresh}` };
}

/** After a sync has ended, whether it worked or not. */
export function syncedEntry(
  { vaultId }: Which,
  report: Omit<BodyOf<"vault.synced">, "type" | "vaultId">,
  { actor, fresh }: Act,
): NewEntry {
  return { body: { type: "vault.synced", vaultId, ...report }, actor, commandId: `sync:${fresh}` };
}

/** Before every record is opened: its receipt is what a check needs to open any. */
export function checkingEntry({ vaultId }: Which, { actor, fresh }: Act): NewEntry {
  return { body: { type: "vault.checking", vaultId }, actor, commandId: `care:${fresh}` };
}

export function checkedEntry({ vaultId }: Which, found: VaultCheck, { actor, fresh }: Act): NewEntry {
  const { deposits, bad, damage } = found;
  const body = { type: "vault.checked", vaultId, deposits, bad: bad.length, damage: damage.length } as const;
  return { body, actor, commandId: `care:${fresh}` };
}

/** After a copy was made and read back. `file` is its bare name. */
export function backedUpEntry(
  { vaultId, deposits }: Pick<VaultCheck, "vaultId" | "deposits">,
  copy: { readonly file: string; readonly sha256: string },
  { actor, fresh }: Act,
): NewEntry {
  return { body: { type: "vault.backed-up", vaultId, deposits, ...copy }, actor, commandId: `care:${fresh}` };
}

/** Before a backup takes the vault's place. */
export function restoredEntry(
  { vaultId, deposits }: Pick<VaultCheck, "vaultId" | "deposits">,
  names: Pick<BodyOf<"vault.restored">, "from" | "sha256" | "kept">,
  { actor, fresh }: Act,
): NewEntry {
  return { body: { type: "vault.restored", vaultId, deposits, ...names }, actor, commandId: `care:${fresh}` };
}

/** Before the vault goes on with another ledger than its own. */
export function ledgerChangedEntry(
  { vaultId }: Which,
  was: string | null,
  reason: string,
  { actor, fresh }: Act,
): NewEntry {
  return { body: { type: "vault.ledger-changed", vaultId, was, reason }, actor, commandId: `care:${fresh}` };
}
