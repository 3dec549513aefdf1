import type { Ledger } from "../ledger/ledger.ts";
import type { Deposit } from "./deposit.ts";
import { type Due, dueForRotation, foldSeen, newSeenPasswords, type SeenPassword } from "./rotation.ts";
import type { Vault } from "./vault.ts";

const AT_ONCE = 10_000;

/** The rotation list as ledger and vault have it now. Needs no passphrase. */
export async function rotationDue(ledger: Ledger, vault: Vault): Promise<Due[]> {
  const seen = newSeenPasswords();
  for (let after = 0; ; ) {
    const entries = await ledger.read(after, AT_ONCE);
    for (const entry of entries) foldSeen(seen, entry);
    after = entries.at(-1)?.seq ?? after;
    if (entries.length < AT_ONCE) break;
  }
  return dueForRotation(seen, (password) => related(vault, password));
}

function related(vault: Vault, { protectorId, depositId, deviceName }: SeenPassword): Deposit[] {
  const own = vault.find({ depositId })[0];
  const name = own?.deviceName ?? deviceName;
  return [
    ...vault.find({ protectorId }),
    ...(own?.deviceId == null ? [] : vault.find({ deviceId: own.deviceId })),
    ...(name === null ? [] : vault.find({ deviceName: name })),
  ];
}
