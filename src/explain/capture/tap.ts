import { decodePacket, tryDecodePacket } from "../../dhcp/packet.ts";
import { Port } from "../../dhcp/registry.ts";
import type { Ipv4 } from "../../wire/ipv4.ts";
import { MalformedError } from "../../wire/malformed.ts";
import { dhcpSeen } from "../dhcp-seen.ts";
import { dhcp6Seen } from "../dhcp6-seen.ts";
import type { DhcpSeen, MtuSeen, Peer, Seen } from "../seen.ts";
import { Connections } from "./connections.ts";
import { Copies } from "./copies.ts";
import {
  type Ipv4Packet,
  Protocol,
  readIpv4,
  readPortUnreachable,
  readTcp,
  readTooLarge,
  readUdp,
  readUdp6,
} from "./datagram.ts";
import { Fragments } from "./fragments.ts";
import { type Frame, readFrame } from "./frame.ts";
import { Neighbours } from "./neighbours.ts";
import type { CapturedFrame } from "./pcap.ts";
import { Transfers, type UdpSeen } from "./transfers.ts";

/** How often what has fallen silent is looked for, in the capture's own time. */
const SWEEP_MS = 1_000;
// RFC 2131 section 2: everything before the options, and the magic cookie.
const OPTIONS_OFFSET = 240;
const DHCP_PORTS: ReadonlySet<number> = new Set([Port.server, Port.client, Port.bootServer]);

/** What the frames of a capture were about, by count. */
interface TapCounts {
  frames: number;
  /** Frames of which less was kept than was sent. */
  cut: number;
  dhcp: number;
  /** On a DHCP port, and no DHCP message that can be read. */
  unreadable: number;
}

/** Turns the frames of a capture, in their order, into what was seen. */
export class Tap {
  readonly counts: TapCounts = { frames: 0, cut: 0, dhcp: 0, unreadable: 0 };
  readonly vlans = new Set<number>();
  readonly #emit: (seen: Seen) => void;
  readonly #onCopy: (seen: DhcpSeen) => void;
  readonly #copies = new Copies();
  readonly #fragments = new Fragments();
  readonly #transfers = new Transfers();
  readonly #connections = new Connections();
  readonly #neighbours = new Neighbours();
  #now = 0;
  #sweptAt = 0;

  /**
   * `emit` is told about loads and handshakes when they have ended, and about all else at once. `onCopy`: about a DHCP
   * message that was emitted already and stands in the capture once more.
   */
  constructor(emit: (seen: Seen) => void, onCopy: (seen: DhcpSeen) => void = () => {}) {
    this.#emit = emit;
    this.#onCopy = onCopy;
  }

  /** The latest time of any frame. */
  get now(): number {
    return this.#now;
  }

  hear({ number, at, linkType, bytes, wireLength }: CapturedFrame): void {
    this.#now = Math.max(this.#now, at);
    this.counts.frames += 1;
    if (bytes.length < wireLength) this.counts.cut += 1;
    if (this.#now - this.#sweptAt >= SWEEP_MS) {
      this.#sweptAt = this.#now;
      this.#transfers.sweep(this.#now, this.#emit);
      this.#connections.sweep(this.#now, this.#emit);
      this.#neighbours.sweep(this.#now, this.#emit);
    }
    const frame = readFrame(linkType, bytes, wireLength);
    if (frame === null) return;
    for (const vlan of frame.vlans) this.vlans.add(vlan);
    if (frame.carries === "arp") this.#neighbours.hear(frame.packet, at, number);
    else if (frame.carries === "ipv6") this.#ipv6(frame, at, number);
    else this.#ipv4(frame, at, number);
  }

  /** Of IPv6 only firmware's DHCP is read: the station does not boot over it, and says so. */
  #ipv6({ packet, source, destination }: Frame, at: number, number: number): void {
    const udp = readUdp6(packet);
    const seen = udp === null ? null : dhcp6Seen(udp, { source, destination }, at, number);
    if (seen !== null) this.#emit(seen);
  }

  #ipv4(frame: Frame, at: number, number: number): void {
    const piece = readIpv4(frame.packet, frame.wireLength);
    if (piece === null) return;
    if (this.#copies.isCopy(piece, at)) {
      if (piece.protocol === Protocol.udp) this.#copy(frame, piece, { at, frame: number, fragmented: false });
      return;
    }
    const packet = this.#fragments.take(piece, at);
    if (packet === null) return;
    const fragmented = packet !== piece;
    if (packet.protocol === Protocol.udp) this.#udp(frame, packet, { at, frame: number, fragmented });
    else if (packet.protocol === Protocol.tcp) this.#tcp(frame, packet, at, number);
    else if (packet.protocol === Protocol.icmp) this.#icmp(frame, packet, at, number);
  }

  /** No more frames come: what is under way is told as far as it came. */
  end(): void {
    this.#transfers.end(this.#now, this.#emit);
    this.#connections.end(this.#now, this.#emit);
    this.#neighbours.sweep(this.#now, this.#emit);
  }

  #udp(frame: Frame, packet: Ipv4Packet, when: { at: number; frame: number; fragmented: boolean }): void {
    const udp = readUdp(packet.payload, packet.payloadLength);
    if (udp === null) return;
    const { payload, payloadLength } = udp;
    const seen: UdpSeen = { ...when, ...peers(frame, packet, udp), payload, payloadLength };
    if (DHCP_PORTS.has(udp.destinationPort)) this.#dhcp(seen);
    else this.#transfers.hear(seen, this.#emit);
  }

  /** A frame that a mirror port shows twice counts once; but which VLAN it is in does not show, where the two differ. */
  #copy(frame: Frame, packet: Ipv4Packet, when: { at: number; frame: number; fragmented: boolean }): void {
    const udp = readUdp(packet.payload, packet.payloadLength);
    if (udp === null || !DHCP_PORTS.has(udp.destinationPort)) return;
    const decoded = udp.payload.length < udp.payloadLength ? null : tryDecodePacket(udp.payload);
    const seen = decoded === null ? null : dhcpSeen(decoded, { ...when, ...peers(frame, packet, udp) });
    if (seen !== null) this.#onCopy(seen);
  }

  #dhcp({ payload, payloadLength, ...where }: UdpSeen): void {
    try {
      const packet = decodePacket(payload.length < payloadLength ? withoutTornOption(payload) : payload);
      const seen = dhcpSeen(packet, where);
      this.counts.dhcp += 1;
      if (seen !== null) this.#emit(seen);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.counts.unreadable += 1;
    }
  }

  #tcp(frame: Frame, packet: Ipv4Packet, at: number, number: number): void {
    const segment = readTcp(packet.payload, packet.payloadLength);
    if (segment === null) return;
    this.#connections.hear({ at, frame: number, ...peers(frame, packet, segment), segment }, this.#emit);
  }

  /** Told as the device's question, so that it counts among what the device did. */
  #icmp(frame: Frame, { payload, source: router }: Ipv4Packet, at: number, number: number): void {
    const large = readTooLarge(payload);
    if (large !== null) this.#emit(mtuSeen(frame, large, router, at, number));
    const found = readPortUnreachable(payload);
    if (found === null || found.refused.protocol !== Protocol.udp) return;
    const { refused, port } = found;
    const sourcePort = (refused.payload[0]! << 8) | refused.payload[1]!;
    const from: Peer = { address: refused.source, port: sourcePort, mac: null };
    const to: Peer = { address: refused.destination, port, mac: null };
    const span = { at, endedAt: at, frames: [number, number] as const };
    this.#emit({ what: "closed", ...span, from, to, protocol: "udp", how: "refused" });
  }
}

function mtuSeen(
  { destination }: Frame,
  { packet, mtu }: { readonly packet: Ipv4Packet; readonly mtu: number },
  router: Ipv4,
  at: number,
  number: number,
): MtuSeen {
  const word = (offset: number) => (packet.payload[offset]! << 8) | packet.payload[offset + 1]!;
  const from: Peer = { address: packet.destination, port: word(2), mac: null };
  const to: Peer = { address: packet.source, port: word(0), mac: destination };
  return { ...{ what: "mtu", at, endedAt: at, frames: [number, number], from, to }, router, mtu, times: 1 };
}

function peers(
  { source, destination, vlans }: Frame,
  packet: { readonly source: Ipv4; readonly destination: Ipv4 },
  ports: { readonly sourcePort: number; readonly destinationPort: number },
): { readonly from: Peer; readonly to: Peer } {
  // The innermost tag is the device's network; 0 is a priority and no network.
  const vlan = vlans.at(-1) ?? 0;
  return {
    from: { address: packet.source, port: ports.sourcePort, mac: source, ...(vlan === 0 ? {} : { vlan }) },
    to: { address: packet.destination, port: ports.destinationPort, mac: destination },
  };
}

/** A DHCP message that was cut off by the snap length, up to its last whole option. */
function withoutTornOption(bytes: Uint8Array): Uint8Array {
  let at = OPTIONS_OFFSET;
  while (at < bytes.length && bytes[at] !== 255) {
    const next = bytes[at] === 0 ? at + 1 : at + 2 + (bytes[at + 1] ?? bytes.length);
    if (next > bytes.length) break;
    at = next;
  }
  return bytes.subarray(0, Math.min(at, bytes.length));
}
