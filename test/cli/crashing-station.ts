import { endOnCrash, sealAtOnce } from "../../src/cli/serve-end.ts";
import { openVault } from "../../src/escrow/vault.ts";
import { unsealedEntry } from "../../src/escrow/vault-entries.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { StationLog } from "../../src/server/log/station-log.ts";
import { Secret } from "../../src/wire/secret.ts";

// A station with an open vault, in which something throws that nobody catches. The state folder, the passphrase, the message.
const [state, passphrase, message] = process.argv.slice(2) as [string, string, string];
const vault = await openVault(`${state}/vault.sqlite`, { clock: Date.now });
const ledger = await openLedger(`${state}/ledger.sqlite`, { station: "t", clock: Date.now });
const log = new StationLog({ folder: `${state}/log`, text: false, now: Date.now });
await vault.unseal(new Secret(passphrase));
await ledger.append(unsealedEntry(vault, { by: "passphrase" }, { actor: "operator:test", fresh: "1" }));
endOnCrash(log, () => sealAtOnce(vault, ledger));
setInterval(() => {}, 1000);
setImmediate(() => {
  throw new Error(message);
});
