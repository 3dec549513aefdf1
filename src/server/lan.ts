import { randomBytes } from "node:crypto";
import type { ImageName } from "../boot/image-id.ts";
import type { UefiLoader } from "../boot/loader.ts";
import { BootFiles, type ImageFiles } from "../station/boot-files.ts";
import { BootServer } from "../station/boot-server.ts";
import type { Desk } from "../station/desk.ts";
import type { Ears } from "../station/ears.ts";
import type { Leases } from "../station/leases.ts";
import type { LoadTurns } from "../station/load-turns.ts";
import { type Notice, notice } from "../station/notice.ts";
import type { ServedInterface } from "../station/served-interface.ts";
import { ANY_ADDRESS } from "../wire/ipv4.ts";
import type { MacAddress } from "../wire/mac.ts";
import { type BootHttp, startBootHttp } from "./boot-http.ts";
import { type AnswerAgent, type ControlPlane, startControlPlane } from "./control.ts";
import { openDhcpSockets } from "./dhcp.ts";
import { listenForDhcp6 } from "./dhcp6-ear.ts";
import type { Pacer } from "./pacer.ts";
import type { StationPorts } from "./ports.ts";
import { startTftp, type TftpLimits, type TftpServer } from "./tftp.ts";
import { type AuthorityFiles, stationTls } from "./tls.ts";

/** What a transfer fails for when the machine, not the device, lacks something. */
const OUT_OF = /\b(EMFILE|ENFILE|ENOBUFS|ENOMEM)\b/;

/** What all LANs of a station share. */
export interface LanOptions {
  readonly desk: Desk;
  readonly ears: Ears;
  readonly ports: StationPorts;
  readonly authority: AuthorityFiles;
  readonly images: ReadonlyMap<ImageName, ImageFiles>;
  readonly ownIpxe: ImageFiles;
  readonly uefiLoader: UefiLoader;
  readonly loads: LoadTurns;
  readonly pacer: Pacer | null;
  readonly tftpLimits: Partial<TftpLimits>;
  readonly ownMacs: ReadonlySet<MacAddress>;
  readonly answer: AnswerAgent;
  readonly onNotice: (notice: Notice) => void;
  readonly onFault: (error: Error) => void;
}

/** The station on one of its interfaces, where devices know it by that interface's address. */
export interface Lan {
  readonly name: string;
  /** Where its agents find it. */
  readonly url: string;
  counters(): LanCounters;
  close(): Promise<void>;
}

type Counts = Readonly<Record<string, number>>;

export interface LanCounters {
  readonly dhcp: Counts;
  readonly tftp: Counts;
  readonly http: Counts;
  readonly control: Counts;
  readonly bytesTo: Counts;
}

/** DHCP, TFTP, HTTP and HTTPS on one interface, or none of them. `leases`: addresses are leased there too. */
export async function startLan(served: ServedInterface, leases: Leases | null, options: LanOptions): Promise<Lan> {
  const { desk, ears, ports, ownIpxe, uefiLoader, images, loads, pacer, tftpLimits, ownMacs, onNotice, onFault } =
    options;
  const { address } = served;
  const closing: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const each of closing.splice(0).reverse()) await each();
  };
  try {
    const tls = await stationTls(options.authority, address, Date.now());
    const control: ControlPlane = await startControlPlane({
      ...{ address, port: ports.https, tls, onFault },
      answer: (verb, message, secret, from) => {
        ears.agent(from, address, false);
        return options.answer(verb, message, secret, from);
      },
      onHandshakeRefused: (from) => ears.agent(from, address, true),
    });
    closing.push(() => control.close());
    const url = `https://${address}:${control.port}`;
    const source = { address, httpPort: ports.http };
    const files = new BootFiles({
      ...{
        desk,
        images,
        ownIpxe,
        source,
        loads,
        stationUrl: url,
        caPem: tls.caPem,
        now: Date.now,
        random: randomBytes,
      },
    });
    const http: BootHttp = await startBootHttp({
      address,
      port: ports.http,
      resolve: async (path, from, method) => {
        const bytes = await files.overHttp(path, from, method);
        if (bytes === null) ears.http(path, from, address, null);
        return bytes;
      },
      sending: (path, from) => {
        const [over, heard] = [files.sending(path, from), ears.http(path, from, address, "sending")];
        return (whole) => {
          over(whole);
          heard(whole);
        };
      },
      pacer,
    });
    closing.push(() => http.close());
    const bytesTo = new Map<string, number>();
    const tftp: TftpServer = await startTftp({
      address,
      port: ports.tftp,
      resolve: (name, from) => files.overTftp(name, from.address),
      limits: tftpLimits,
      onEvent: (event) => {
        ears.tftp(event, address);
        if (event.kind === "failed" && OUT_OF.test(event.message))
          onNotice(notice("out-of-sockets", "machine", { message: event.message }));
        if (event.kind === "finished")
          bytesTo.set(event.from.address, (bytesTo.get(event.from.address) ?? 0) + (event.bytes ?? 0));
      },
    });
    closing.push(() => tftp.close());
    const dhcp6 = await listenForDhcp6(served.name, (bytes, from) => ears.dhcp6(bytes, from));
    closing.push(async () => dhcp6.close());
    const bootServer = new BootServer({
      ...{ desk, served, ownMacs, uefiLoader, loads, onNotice, now: Date.now },
      ...(leases === null ? {} : { leases }),
      ...{ httpPort: http.port, images: new Set(images.keys()) },
    });
    const dhcp = await openDhcpSockets({
      address,
      ports,
      answer: async (datagram) => {
        const reply = await bootServer.answer(datagram);
        // Which of several LANs a broadcast came from nobody knows: the answers on the others would be explained as
        // those of another server, which the device passes over.
        if (ownMacs.size === 1 || datagram.from.address !== ANY_ADDRESS) ears.dhcp(datagram, reply, address);
        return reply;
      },
      onUnsent: () => bootServer.unsent(),
      onFault,
    });
    closing.push(() => dhcp.close());
    return {
      name: served.name,
      url,
      counters: () => ({
        dhcp: bootServer.counters(),
        tftp: { ...tftp.counters() },
        http: { ...http.counters },
        control: { ...control.counters },
        bytesTo: sumCounts([Object.fromEntries(bytesTo), Object.fromEntries(http.bytesTo)]),
      }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

export function sumCounts(all: readonly Counts[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const counts of all)
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
  return total;
}
