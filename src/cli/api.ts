import { hostname } from "node:os";
import { type Command, InvalidArgumentError } from "commander";
import { openVault, type Vault } from "../escrow/vault.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { openApi } from "../operator/openapi.ts";
import { type OperatorApi, startOperatorApi } from "../server/api.ts";
import { Desk } from "../server/desk.ts";
import { tryPort } from "../server/listen.ts";
import { stationTls } from "../server/tls.ts";
import { VERSION } from "../server/version.ts";
import { type Ipv4, parseIpv4 } from "../wire/ipv4.ts";
import { operatorActor } from "./actor.ts";
import { forgetUnused } from "./forget.ts";
import type { PassphraseOption } from "./passphrase.ts";
import { openStateLedger, type StateFolder, type StateOption, stateFolder, withStateOption } from "./state.ts";
import { unseal } from "./unseal.ts";

/** Where the operator API listens. */
export interface ApiAddress {
  readonly address: Ipv4;
  readonly port: number;
}

/** On this machine alone, unless somebody says otherwise: the recovery LAN is hostile. */
const LOOPBACK: ApiAddress = { address: parseIpv4("127.0.0.1"), port: 8443 };

type ServeOptions = StateOption &
  PassphraseOption & {
    readonly address: Ipv4;
    readonly port: number;
    readonly sealed: boolean;
    readonly json: boolean;
  };

/** `breakglass api serve|describe`: the operator API without network boot. */
export function register(program: Command): void {
  const api = program.command("api").description("the HTTPS API for scripts of the help desk (docs/api.md)");

  withStateOption(api.command("serve"))
    .description("answer the API alone: no network boot, no agents")
    .option("--address <IP>", "the address to listen on", parseAddress, LOOPBACK.address)
    .option("--port <N>", "the port", parsePort, LOOPBACK.port)
    .option("--passphrase-fd <N>", "read the vault's passphrase from this descriptor instead of asking")
    .option("--sealed", "start without the passphrase: lookups are answered, nothing is released", false)
    .option("--json", "one JSON object a line", false)
    .addHelpText("after", EXITS)
    .action(serve);

  api
    .command("describe")
    .description("the API's description, OpenAPI 3.1 (docs/openapi.json)")
    .action(() => void process.stdout.write(`${JSON.stringify(openApi(VERSION), null, 2)}\n`));
}

const EXITS =
  "\nWho may use it: breakglass token create. Exit code 0 when stopped by Ctrl-C or SIGTERM, 2 for wrong input,\n3 for a wrong passphrase, 4 if the port cannot be had; nothing was started then.";

async function serve(options: ServeOptions): Promise<void> {
  const folder = stateFolder(options);
  const vault = await openVault(folder.vault, { clock: Date.now });
  const ledger = await openStateLedger(options);
  await tryPort(options.address, options.port, "the operator API");
  if (!options.sealed) await unseal(vault, options);
  forgetUnused();
  const record = (type: "vault.unsealed" | "vault.sealed") =>
    ledger.append({
      body: { type, vaultId: vault.vaultId },
      actor: operatorActor(),
      commandId: `${type}:${hostname()}:${Date.now()}`,
    });
  if (!options.sealed) await record("vault.unsealed");
  const desk = new Desk(ledger, () => {});
  const onFault = (error: Error) => process.stderr.write(`breakglass: a fault: ${error.message}\n`);
  const api = await startApi({ ...options, folder, desk, ledger, vault, onFault });
  const print = (line: string, event: object) =>
    process.stdout.write(options.json ? `${JSON.stringify(event)}\n` : `${line}\n`);
  print(readyLine(api, folder), { ready: { api: api.url, ca: folder.caCertificate } });
  await untilStopped();
  await api.close();
  await vault.close();
  if (!options.sealed) await record("vault.sealed");
  await ledger.close();
  print(`The operator API has stopped: ${countersLine(api)}.`, { counters: api.counters() });
}

/** The API's server, with a certificate of the station's own CA. */
export async function startApi(options: {
  readonly address: Ipv4;
  readonly port: number;
  readonly folder: StateFolder;
  readonly desk: Desk;
  readonly ledger: Ledger;
  readonly vault: Vault;
  readonly onFault: (error: Error) => void;
}): Promise<OperatorApi> {
  const { folder, address, port, desk, ledger, vault, onFault } = options;
  const authority = { certificate: folder.caCertificate, privateKey: folder.caKey };
  const tls = await stationTls(authority, address, Date.now());
  return startOperatorApi({ name: hostname(), address, port, tls, desk, ledger, vault, now: Date.now, onFault });
}

export function readyLine(api: OperatorApi, { caCertificate }: StateFolder): string {
  return `The operator API is at ${api.url}, known by the CA ${caCertificate}. Who may use it: breakglass token list`;
}

export function countersLine(api: OperatorApi): string {
  const counts = Object.entries(api.counters()).filter(([, count]) => count > 0);
  return counts.map(([what, count]) => `${what} ${count}`).join(", ") || "nobody asked";
}

/** `[ADDRESS:]PORT` of `serve --api`; alone it is loopback's usual one. */
export function parseApiAddress(text: string): ApiAddress {
  const [, address, port] = /^(?:([0-9.]+):)?([0-9]{1,5})$/.exec(text) ?? [];
  if (port === undefined)
    throw new InvalidArgumentError("An address and port of this machine, such as 127.0.0.1:8443.");
  return { address: address === undefined ? LOOPBACK.address : parseAddress(address), port: parsePort(port) };
}

export const API_DEFAULT = LOOPBACK;

function parseAddress(text: string): Ipv4 {
  try {
    return parseIpv4(text);
  } catch {
    throw new InvalidArgumentError("An IPv4 address of this machine, such as 127.0.0.1.");
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^[0-9]{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError("A port from 1 to 65535; 0 for any.");
  return port;
}

function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  });
}
