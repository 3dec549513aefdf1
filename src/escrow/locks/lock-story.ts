import type { Entry } from "../../ledger/entry.ts";
import type { Lock } from "./lock.ts";

/** An entry that announced a change of locks which the vault does not show: a crash or Ctrl-C came in between. */
interface Unmade {
  readonly seq: number;
  readonly at: number;
  readonly type: string;
}

/**
 * Entries about locks come before the change itself. These are the ones whose change was never made, oldest first; a
 * later change of the same kind, or a restore, settles an earlier one.
 */
export function unmadeChanges(entries: Iterable<Entry>, vaultId: string, locks: readonly Lock[]): Unmade[] {
  const there = new Set(locks.map(({ lockId }) => lockId));
  const open = new Map<string, Unmade & { readonly lock: string; readonly made: boolean }>();
  for (const { seq, at, body } of entries) {
    if (!("vaultId" in body) || body.vaultId !== vaultId) continue;
    if (body.type === "vault.restored") open.clear();
    else if (body.type === "vault.rekeyed" || body.type === "vault.split") {
      const { type, lock } = body;
      open.set(type, { seq, at, type, lock, made: there.has(lock) });
    } else if (body.type === "vault.lock-removed") {
      const { type, lock } = body;
      for (const [key, change] of open) if (change.lock === lock) open.delete(key);
      open.set(`removed ${lock}`, { seq, at, type, lock, made: !there.has(lock) });
    }
  }
  return [...open.values()].flatMap(({ seq, at, type, made }) => (made ? [] : [{ seq, at, type }]));
}
