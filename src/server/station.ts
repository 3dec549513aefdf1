import type { UefiLoader } from "../boot/loader.ts";
import type { ImageArchitecture } from "../boot/table.ts";
import type { CampaignState } from "../campaign/campaign.ts";
import type { Vault } from "../escrow/vault.ts";
import type { Entry } from "../ledger/entry.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { BootFiles, type ImageFiles } from "./boot-files.ts";
import { type BootHttp, startBootHttp } from "./boot-http.ts";
import { BootServer } from "./boot-server.ts";
import { Budget } from "./budget.ts";
import { REAL_CHANCE } from "./chance.ts";
import { type ControlPlane, startControlPlane } from "./control.ts";
import { Desk } from "./desk.ts";
import { openDhcpSockets } from "./dhcp.ts";
import type { ServedInterface } from "./interface.ts";
import { LoadDesk } from "./load-queue.ts";
import { Pacer } from "./pacer.ts";
import { Rescuer } from "./rescuer.ts";
import { startTftp, type TftpServer } from "./tftp.ts";
import { type AuthorityFiles, stationTls } from "./tls.ts";
import { VERSION } from "./version.ts";
import { watchForBootServers } from "./watch.ts";

export interface StationPorts {
  readonly dhcp: number;
  readonly bootServer: number;
  readonly tftp: number;
  readonly http: number;
  readonly https: number;
}

export const STANDARD_PORTS: StationPorts = { dhcp: 67, bootServer: 4011, tftp: 69, http: 80, https: 443 };

/** A recovery image as it is in memory, and the digest of its manifest. */
export interface ServedImage {
  readonly sha256: string;
  readonly files: ImageFiles;
}

export interface StationOptions {
  readonly name: string;
  readonly served: ServedInterface;
  readonly ports: StationPorts;
  readonly ledger: Ledger;
  /** Unsealed, or nothing is released until it is. */
  readonly vault: Vault;
  readonly images: ReadonlyMap<ImageArchitecture, ServedImage>;
  readonly uefiLoader: UefiLoader;
  /** An iPXE that the operator brought; empty if there is none. */
  readonly ownIpxe: ImageFiles;
  /** Devices that load the image at the same time; the others wait for their turn. */
  readonly loads: number;
  /** Megabits a second for boot files over HTTP, null for as fast as it goes. */
  readonly bandwidth: number | null;
  readonly authority: AuthorityFiles;
  /** Every entry of the ledger from the first on, whoever appended it. */
  readonly onEntry: (entry: Entry) => void;
  /** What an operator should know and no entry says. */
  readonly onNotice: (text: string) => void;
}

export interface Station {
  readonly url: string;
  /** As of the last look at the ledger. */
  campaign(): CampaignState;
  counters(): StationCounters;
  close(): Promise<void>;
}

export interface StationCounters {
  readonly dhcp: Readonly<Record<string, number>>;
  readonly tftp: Readonly<Record<string, number>>;
  readonly http: Readonly<Record<string, number>>;
  readonly control: Readonly<Record<string, number>>;
  readonly loads: Readonly<Record<string, number>>;
  /** Bytes of boot files sent to each address. */
  readonly bytesTo: Readonly<Record<string, number>>;
}

/** How often the station looks for entries that the operator's other commands appended. */
const LOOK_MS = 250;

/** Faults told about in a minute: whoever can bring one about could else fill the operator's screen. */
const FAULTS = { perKey: 20, keys: 1 };

/** A whole station on one interface: DHCP beside the site's own, TFTP, HTTP, HTTPS. All of it starts or none. */
export async function startStation(options: StationOptions): Promise<Station> {
  const { served, ports, ledger, vault, images, uefiLoader, ownIpxe, onNotice } = options;
  const { address } = served;
  const closing: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const each of closing.splice(0).reverse()) await each();
  };
  const faults = new Budget(FAULTS);
  const onFault = (error: Error) => {
    if (faults.take("", Date.now())) onNotice(`fault: ${error.message}`);
  };
  try {
    const desk = new Desk(ledger, options.onEntry);
    await desk.catchUp();
    const tls = await stationTls(options.authority, address, Date.now());
    const rescuer = new Rescuer({ desk, ledger, vault, chance: REAL_CHANCE });
    const control: ControlPlane = await startControlPlane({
      address,
      port: ports.https,
      tls,
      answer: (verb, message, secret, from) => rescuer.answer(verb, message, secret, from),
      onFault,
    });
    closing.push(() => control.close());
    const url = `https://${address}:${control.port}`;

    const source = { address, httpPort: ports.http };
    const loads = new LoadDesk({
      loads: options.loads,
      now: Date.now,
      onWaiting: (most) =>
        onNotice(
          `${most} devices load the image at the same time; the others wait, and their screens say so (--loads)`,
        ),
    });
    const files = new BootFiles({
      desk,
      images: new Map([...images].map(([architecture, { files }]) => [architecture, files])),
      ownIpxe,
      source,
      loads,
      stationUrl: url,
      caPem: tls.caPem,
      chance: REAL_CHANCE,
    });
    const http: BootHttp = await startBootHttp({
      address,
      port: ports.http,
      resolve: (path, from, method) => files.overHttp(path, from, method),
      sending: (path, from) => files.sending(path, from),
      pacer: options.bandwidth === null ? null : new Pacer(options.bandwidth),
    });
    closing.push(() => http.close());
    const bytesTo = new Map<string, number>();
    const tftp: TftpServer = await startTftp({
      address,
      port: ports.tftp,
      resolve: (name, from) => files.overTftp(name, from.address),
      onEvent: (event) => {
        if (event.kind === "finished")
          bytesTo.set(event.from.address, (bytesTo.get(event.from.address) ?? 0) + (event.bytes ?? 0));
      },
    });
    closing.push(() => tftp.close());
    const bootServer = new BootServer({
      ...{ desk, served, uefiLoader, onNotice, chance: REAL_CHANCE },
      ...{ httpPort: http.port, images: new Set(images.keys()) },
    });
    const dhcp = await openDhcpSockets({
      address,
      ports,
      answer: (datagram) => bootServer.answer(datagram),
      onUnsent: () => bootServer.unsent(),
      onFault,
    });
    closing.push(() => dhcp.close());
    const watch = await watchForBootServers({ served, desk, onNotice });
    closing.push(() => watch.close());
    const looking = setInterval(() => desk.catchUp().catch(onFault), LOOK_MS);
    closing.push(async () => clearInterval(looking));

    const body = {
      type: "station.started",
      station: options.name,
      interface: served.name,
      address,
      version: VERSION,
      images: Object.fromEntries([...images].map(([architecture, { sha256 }]) => [architecture, sha256])),
    };
    await desk.record({ body, actor: "station", commandId: `start:${options.name}:${Date.now()}` });
    return {
      url,
      campaign: () => desk.state.campaign,
      counters: () => ({
        dhcp: bootServer.counters(),
        tftp: { ...tftp.counters() },
        http: { ...http.counters },
        control: { ...control.counters, ...rescuer.counters },
        loads: loads.counters(),
        bytesTo: sum(bytesTo, http.bytesTo),
      }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function sum(...maps: readonly ReadonlyMap<string, number>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const map of maps) for (const [key, value] of map) total[key] = (total[key] ?? 0) + value;
  return total;
}
