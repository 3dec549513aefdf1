import { hostname } from "node:os";
import type { Vault } from "../escrow/vault.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type OperatorApi, startOperatorApi } from "../server/operator-api.ts";
import { stationTls } from "../server/tls.ts";
import type { Desk } from "../station/desk.ts";
import { type Notice, notice } from "../station/notice.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import type { StateFolder } from "./state.ts";

/** The API's server, with a certificate of the station's own CA. */
export async function startApi(options: {
  readonly address: Ipv4;
  readonly port: number;
  readonly folder: StateFolder;
  readonly desk: Desk;
  readonly ledger: Ledger;
  readonly vault: Vault;
  readonly onFault: (error: Error) => void;
  readonly mostDeposits: number | null;
}): Promise<OperatorApi> {
  const { mostDeposits, folder, address, port, desk, ledger, vault, onFault } = options;
  const authority = { certificate: folder.caCertificate, privateKey: folder.caKey };
  const tls = await stationTls(authority, address, Date.now());
  return startOperatorApi({
    name: hostname(),
    address,
    port,
    tls,
    desk,
    ledger,
    vault,
    now: Date.now,
    onFault,
    mostDeposits,
  });
}

export function apiReady(api: OperatorApi, { caCertificate }: StateFolder): Notice {
  return notice("api-ready", "api", { url: api.url, ca: caCertificate });
}

export function apiStopped(api: OperatorApi): Notice {
  const counts = Object.entries(api.counters()).filter(([, count]) => count > 0);
  const text = counts.map(([what, count]) => `${what} ${count}`).join(", ") || "nobody asked";
  return notice("api-stopped", "api", { counts: text });
}
