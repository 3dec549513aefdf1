import { decodePacket, LONGEST_MESSAGE } from "../dhcp/packet.ts";
import { dhcpSeen } from "../explain/dhcp-seen.ts";
import { dhcp6Seen } from "../explain/dhcp6-seen.ts";
import { LiveExplainer } from "../explain/live.ts";
import type { LoadSeen, Peer, Seen } from "../explain/seen.ts";
import { plainText } from "../explain/text.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import { macOfLinkLocal } from "../wire/link-local.ts";
import { MalformedError } from "../wire/malformed.ts";
import type { DhcpDatagram, DhcpReply } from "./dhcp-datagram.ts";
import { findingNotice, type Notice, notice } from "./notice.ts";
import type { TftpEvent } from "./tftp-event.ts";

/** What was heard waits to be understood until the station has answered: answers come first. */
const MOST_WAITING = 4096;
const AT_ONCE = 1024;

/** After more than can be kept, what a device seems not to have done may be what was not heard: nothing is told then. */
const DEAF_MS = 120_000;

const HTTPS_PORT = 443;
const DHCP6_PORT = 547;

/**
 * The station explains, while it happens, what goes wrong with a device's boot: what its sockets hear goes through the
 * same rules as a capture.
 */
export class Ears {
  readonly #explainer = new LiveExplainer();
  readonly #waiting: (() => Seen | null)[] = [];
  readonly #now: () => number;
  readonly #onNotice: (notice: Notice) => void;
  #deafUntil = 0;

  constructor(options: {
    readonly now: () => number;
    readonly onNotice: (notice: Notice) => void;
  }) {
    this.#now = options.now;
    this.#onNotice = options.onNotice;
  }

  /** A question, and the station's answer to it if it gave one. `ours` is the address it answers from. */
  dhcp({ bytes, port, from }: DhcpDatagram, reply: DhcpReply | null, ours: Ipv4): void {
    if (bytes.length > LONGEST_MESSAGE) return;
    const here: Peer = { address: ours, port, mac: null };
    this.#later((at) => packetSeen(bytes, at, { ...from, mac: null }, here));
    if (reply !== null) this.#later((at) => packetSeen(reply.bytes, at, here, { ...reply.to, mac: null }));
  }

  /** What another DHCP server says to everyone. */
  otherServer(bytes: Uint8Array, from: Ipv4): void {
    if (bytes.length > LONGEST_MESSAGE) return;
    const everyone: Peer = { address: "255.255.255.255" as Ipv4, port: 68, mac: null };
    this.#later((at) => packetSeen(bytes, at, { address: from, port: 67, mac: null }, everyone));
  }

  /** What firmware asks over IPv6. The device is known by its link-local address, which firmware makes of its MAC. */
  dhcp6(bytes: Uint8Array, from: { readonly address: string; readonly port: number }): void {
    const source = macOfLinkLocal(from.address);
    if (bytes.length > LONGEST_MESSAGE || source === null) return;
    const udp = { sourcePort: from.port, destinationPort: DHCP6_PORT, payload: bytes };
    this.#later((at) => dhcp6Seen(udp, { source, destination: null }, at, null));
  }

  tftp(event: TftpEvent, ours: Ipv4): void {
    if (event.kind === "started" || event.kind === "malformed") return;
    // Firmware asks again by itself.
    if (event.kind === "refused" && event.reason === "busy") return;
    this.#later((at) => tftpSeen(event, at, ours));
  }

  /** A path that nobody serves (`null`), or a body that goes out: call what comes back when that is over. */
  http(path: string, from: Ipv4, ours: Ipv4, answer: null | "sending"): (whole: boolean) => void {
    const since = this.#now();
    const load = {
      ...NO_DETAILS,
      over: "http",
      method: "GET",
      name: `/${plainText(path)}`,
      at: since,
      from: { address: from, port: 0, mac: null },
      to: { address: ours, port: 80, mac: null },
    } as const;
    if (answer === null) this.#later((endedAt) => ({ ...load, endedAt, code: 404, ending: "refused", by: "server" }));
    return (whole) =>
      this.#later((endedAt) => ({
        ...load,
        endedAt,
        code: 200,
        ...(whole ? {} : { ending: "aborted", by: "device" }),
      }));
  }

  /** The agent has said something over TLS; or its handshake was broken off, where `refused`. */
  agent(from: Ipv4, ours: Ipv4, refused: boolean): void {
    this.#later((at) => ({
      ...{ what: "tls", times: 1, at, endedAt: at, frames: null, alert: null },
      ...{ from: { address: from, port: 0, mac: null }, to: { address: ours, port: HTTPS_PORT, mac: null } },
      ...{ ending: refused ? "refused" : "finished", by: refused ? "device" : null },
    }));
  }

  /** Understands what was heard, and tells what was found. To be called twice a second or so. */
  look(): void {
    for (const understand of this.#waiting.splice(0, AT_ONCE)) {
      const seen = understand();
      if (seen !== null) this.#explainer.see(seen);
    }
    const now = this.#now();
    for (const { device, finding } of this.#explainer.look(now))
      if (now >= this.#deafUntil) this.#onNotice(findingNotice(device, finding));
  }

  #later(understand: (at: number) => Seen | null): void {
    const at = this.#now();
    if (this.#waiting.length >= MOST_WAITING) {
      if (at >= this.#deafUntil) this.#onNotice(notice("too-much-traffic", "network"));
      this.#deafUntil = at + DEAF_MS;
      return;
    }
    this.#waiting.push(() => understand(at));
  }
}

function packetSeen(bytes: Uint8Array, at: number, from: Peer, to: Peer): Seen | null {
  try {
    return dhcpSeen(decodePacket(bytes), { at, frame: null, from, to });
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}

/** What the station does not note down about its own loads. */
const NO_DETAILS = {
  ...{ what: "load", frames: null, answeredFrom: null, asks: 1, asked: null, granted: null, size: null, bytes: 0 },
  ...{ lastBlock: 0, blocksRepeated: 0, acksRepeated: 0, pauses: 0, fragmented: false, message: "" },
  ...{ ending: "finished", by: null, code: null },
} as const satisfies Partial<LoadSeen>;

type EndOfLoad = Exclude<TftpEvent, { readonly kind: "started" | "malformed" }>;

const NO_SUCH_FILE = 1;
const SIZE_ALONE = 8;

/** Endings that say nothing about the device or its network. */
const OUR_OWN: ReadonlySet<string> = new Set(["asked-anew", "station-stopped", "crowded-out", "socket-error"]);

/** The device's port is closed: it has the file and did not wait for an answer to its last words, or it is gone. */
const PORT_CLOSED = "port-closed";

function tftpSeen(event: EndOfLoad, endedAt: number, ours: Ipv4): LoadSeen | null {
  const base = {
    ...NO_DETAILS,
    over: "tftp",
    method: "RRQ",
    name: plainText(event.name),
    endedAt,
    from: { ...event.from, mac: null },
    to: { address: ours, port: 69, mac: null },
  } as const;
  if (event.kind === "refused")
    return { ...base, at: endedAt, ending: "refused", by: "server", code: NO_SUCH_FILE, message: event.reason };
  const { reason, message, milliseconds, bytes } = event;
  const load = { ...base, at: endedAt - milliseconds, bytes, message: plainText(message) };
  if (event.kind === "finished" || reason === "silent-at-end") return load;
  if (reason === "size-probe") return { ...load, bytes: 0, ending: "aborted", by: "device", code: SIZE_ALONE };
  if (OUR_OWN.has(reason)) return null;
  // Which of the two it was shows in what the device does next.
  if (reason === PORT_CLOSED) return { ...load, ending: "cut" };
  if (event.kind === "aborted") return { ...load, ending: "aborted", by: "device", code: 0 };
  return { ...load, ending: "stalled", by: "device", granted: {} };
}
