import type { Ledger } from "../ledger/ledger.ts";
import { type Due, nameOf, rotatedEntry } from "./rotation.ts";
import { rotationDue } from "./rotation-due.ts";
import type { Vault } from "./vault.ts";
import type { Act } from "./vault-entries.ts";

/** What of the rotation list fits a name, and of how many devices it is: only those of one device come off the list. */
interface Marked {
  readonly fitting: readonly Due[];
  readonly devices: number;
}

/**
 * Takes one device's passwords off the rotation list: somebody says, with a reason, that they open nothing any more.
 * `named`: its name or MAC address, or a key protector ID, whole or its first 8 characters. Nothing is written if the list
 * has no such device, or several.
 */
export async function markRotated(
  ledger: Ledger,
  vault: Vault,
  named: string,
  { reason, actor, fresh }: Act & { readonly reason: string },
): Promise<Marked> {
  const fitting = (await rotationDue(ledger, vault)).filter((each) => isNamed(each, named.trim()));
  const devices = new Set(fitting.map((each) => nameOf(each)?.toLowerCase() ?? each.protectorId)).size;
  if (devices === 1) await ledger.append(rotatedEntry(fitting, reason, actor, fresh));
  return { fitting, devices };
}

function isNamed(due: Due, named: string): boolean {
  const bare = named.replace(/^\{(.*)\}$/, "$1").toUpperCase();
  if (bare === due.protectorId || (bare.length === 8 && due.protectorId.startsWith(`${bare}-`))) return true;
  return nameOf(due)?.toLowerCase() === named.toLowerCase() || due.device === named.toLowerCase();
}
