import { join } from "node:path";
import { openVault } from "../../src/escrow/vault.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { startOperatorApi } from "../../src/server/operator-api.ts";
import { stationTls } from "../../src/server/tls.ts";
import { Desk } from "../../src/station/desk.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";
import { Secret } from "../../src/wire/secret.ts";

// A station that is killed with -9 at the moment at which it would open a password: all before that has happened.
const folder = process.argv[2]!;
const address = parseIpv4("127.0.0.1");
const vault = await openVault(join(folder, "vault.sqlite"), { clock: Date.now });
await vault.unseal(new Secret("six plain words for a test"));
vault.open = () => {
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => {});
};
const ledger = await openLedger(join(folder, "ledger.sqlite"), { station: "killed", clock: Date.now });
const files = { certificate: join(folder, "station-ca.pem"), privateKey: join(folder, "station-ca.key") };
const tls = await stationTls(files, address, Date.now());
const desk = new Desk(ledger, () => {});
const { port } = await startOperatorApi({
  ...{ name: "killed", address, port: 0, tls, desk, ledger, vault, now: Date.now },
  onFault: (error) => process.stderr.write(`${error.stack}\n`),
});
process.stdout.write(`${port}\n`);
