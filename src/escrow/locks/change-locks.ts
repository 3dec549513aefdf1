import type { OpenedBy } from "../../ledger/events/vault.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import type { Vault } from "../vault.ts";
import type { Act } from "../vault-entries.ts";
import type { LockChange } from "./lock.ts";

/**
 * The entry, then what people need for the change (`between`: the cards), then the change itself. Interrupted anywhere,
 * the old locks still open the vault.
 */
export async function changeLocks(
  { vault, ledger }: { readonly vault: Vault; readonly ledger: Ledger },
  change: LockChange,
  openedBy: OpenedBy,
  { actor, fresh }: Act,
  clock: () => number,
  between: () => Promise<void> = async () => {},
): Promise<void> {
  const told = { ...change, body: { ...change.body, openedBy } };
  const receipt = await ledger.append({ body: told.body, actor, commandId: `lock:${fresh}` });
  await between();
  vault.locks.apply(told, receipt, clock());
}
