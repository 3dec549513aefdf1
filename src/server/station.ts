import { randomBytes } from "node:crypto";
import type { ImageName } from "../boot/image-id.ts";
import type { LeaseRange } from "../boot/lease-range.ts";
import type { UefiLoader } from "../boot/loader.ts";
import { type CampaignState, isListed } from "../campaign/campaign.ts";
import { type Board, readBoard } from "../dashboard/board.ts";
import type { Vault } from "../escrow/vault.ts";
import type { Entry } from "../ledger/entry.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { ImageFiles } from "../station/boot-files.ts";
import type { Desk } from "../station/desk.ts";
import { Ears } from "../station/ears.ts";
import { Leases } from "../station/leases.ts";
import { LoadTurns } from "../station/load-turns.ts";
import { type Notice, notice } from "../station/notice.ts";
import { NoticeBoard } from "../station/notice-board.ts";
import { Rescuer } from "../station/rescuer.ts";
import type { ServedInterface } from "../station/served-interface.ts";
import { startedEntry } from "../station/station-entries.ts";
import type { MacAddress } from "../wire/mac.ts";
import { watchInterfaces } from "./interface-watch.ts";
import { type Lan, type LanCounters, type LanOptions, startLan, sumCounts } from "./lan.ts";
import { keepAsking } from "./lease-check.ts";
import { openDesk, type Sealing } from "./open-desk.ts";
import { Pacer } from "./pacer.ts";
import type { StationPorts } from "./ports.ts";
import type { AuthorityFiles } from "./tls.ts";
import { watchServers } from "./watch.ts";

/** A recovery image as it is in memory, and the digest of its manifest. */
export interface ServedImage {
  readonly sha256: string;
  readonly files: ImageFiles;
}

interface StationOptions {
  readonly name: string;
  /** The interfaces it serves on, at least one. */
  readonly served: readonly ServedInterface[];
  /** On one of them the station leases addresses too; null: on none, it is a proxy beside the site's DHCP server. */
  readonly leases: { readonly served: ServedInterface; readonly range: LeaseRange } | null;
  readonly ports: StationPorts;
  readonly ledger: Ledger;
  /** Unsealed, or nothing is released until it is. */
  readonly vault: Vault;
  readonly images: ReadonlyMap<ImageName, ServedImage>;
  readonly uefiLoader: UefiLoader;
  /** An iPXE that the operator brought; empty if there is none. */
  readonly ownIpxe: ImageFiles;
  /** Devices that load the image at the same time; the others wait for their turn. */
  readonly loads: number;
  /** Megabits a second for boot files over HTTP, null for as fast as it goes. */
  readonly bandwidth: number | null;
  /** Bytes of the largest block over TFTP; as large as the device asks for where it is left out. */
  readonly largestBlock?: number;
  readonly authority: AuthorityFiles;
  readonly sealing?: Sealing;
  /** Every entry of the ledger from the first on, whoever appended it. */
  readonly onEntry: (entry: Entry) => void;
  /** What an operator should know and no entry says. */
  readonly onNotice: (notice: Notice) => void;
}

export interface Station {
  readonly desk: Desk;
  readonly lans: readonly Pick<Lan, "name" | "url">[];
  /** Tells the operator, unless it was told before or too much is told. */
  tell(notice: Notice): void;
  /** As of the last look at the ledger. */
  campaign(): CampaignState;
  /** Where every device stands now. */
  board(): Board;
  counters(): StationCounters;
  close(): Promise<void>;
}

export interface StationCounters {
  readonly dhcp: Readonly<Record<string, number>>;
  readonly tftp: Readonly<Record<string, number>>;
  readonly http: Readonly<Record<string, number>>;
  readonly control: Readonly<Record<string, number>>;
  readonly loads: Readonly<Record<string, number>>;
  /** How often an interface, its cable or its address was gone. */
  readonly interfaces: Readonly<Record<string, number>>;
  /** Bytes of boot files sent to each address. */
  readonly bytesTo: Readonly<Record<string, number>>;
}

/** How often the station understands what it heard. */
const EXPLAIN_MS = 500;

/** A whole station: DHCP, TFTP, HTTP and HTTPS on each of its interfaces. All of it starts or none. */
export async function startStation(options: StationOptions): Promise<Station> {
  const { served, ports, ledger, vault, images, uefiLoader, ownIpxe, authority } = options;
  const closing: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const each of closing.splice(0).reverse()) await each();
  };
  try {
    // A desk that is being opened has something to tell already.
    let inventory: Desk | null = null;
    const board = new NoticeBoard({
      now: Date.now,
      isKnown: (name) => inventory !== null && isListed(inventory.state.campaign, name as MacAddress),
      onNotice: options.onNotice,
    });
    const onNotice = board.tell;
    const onFault = ({ message }: Error) => onNotice(notice("fault", "station", { message }));
    const lans: Lan[] = [];
    const loads = new LoadTurns({
      loads: options.loads,
      now: Date.now,
      onWaiting: (most) => onNotice(notice("loads-full", "loads", { loads: most })),
    });
    const now = () => {
      const { loading, waiting } = loads.queue();
      return { lans: lans.map(({ name, url }) => ({ name, url })), loading: [...loading], waiting: [...waiting] };
    };
    const { desk, close: closeDesk } = await openDesk({ ...options, onNotice, onFault, now });
    closing.push(closeDesk);
    inventory = desk;
    const rescuer = new Rescuer({ desk, ledger, vault, now: Date.now, random: randomBytes });
    const leases = options.leases === null ? null : new Leases(options.leases.served, options.leases.range, desk.state);
    const ears = new Ears({ now: Date.now, onNotice });
    const explaining = setInterval(() => ears.look(), EXPLAIN_MS);
    closing.push(async () => clearInterval(explaining));
    const shared: LanOptions = {
      ...{ ears, desk, ports, authority, ownIpxe, uefiLoader, loads, onNotice, onFault },
      images: new Map([...images].map(([name, { files }]) => [name, files])),
      pacer: options.bandwidth === null ? null : new Pacer(options.bandwidth),
      tftpLimits: options.largestBlock === undefined ? {} : { blockSize: options.largestBlock },
      ownMacs: new Set(served.map(({ mac }) => mac)),
      answer: (verb, message, secret, from) => rescuer.answer(verb, message, secret, from),
    };
    for (const each of served) {
      const lan = await startLan(each, leases?.served === each ? leases : null, shared);
      closing.push(() => lan.close());
      lans.push(lan);
    }
    const watch = await watchServers({
      ...{ all: served, desk, onNotice },
      onReply: (bytes, from) => ears.otherServer(bytes, from),
      onLeasing: ({ on, server, from }) => {
        if (leases === null || !on.includes(leases.served)) return;
        for (const entry of leases.stop(server, `it answers from ${from}`, Date.now()))
          desk.record(entry).catch(onFault);
      },
    });
    closing.push(() => watch.close());
    const leaseCheck = leases === null ? null : keepAsking(leases, watch, onNotice);
    closing.push(async () => leaseCheck?.close());
    const interfaces = watchInterfaces(served, {
      onNotice,
      onBack: (back) => {
        if (back === leases?.served) leaseCheck?.check();
      },
    });
    closing.push(async () => interfaces.close());

    const digests = Object.fromEntries([...images].map(([name, { sha256 }]) => [name, sha256]));
    await desk.record(startedEntry(options.name, served, digests, Date.now()));
    const counted = (of: keyof LanCounters) => sumCounts(lans.map((lan) => lan.counters()[of]));
    return {
      desk,
      lans,
      tell: onNotice,
      campaign: () => desk.state.campaign,
      board: () => readBoard(desk.state, Date.now(), loads.queue()),
      counters: () => ({
        dhcp: counted("dhcp"),
        tftp: counted("tftp"),
        http: counted("http"),
        control: { ...counted("control"), ...rescuer.counters },
        loads: loads.counters(),
        interfaces: { losses: interfaces.losses },
        bytesTo: counted("bytesTo"),
      }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
