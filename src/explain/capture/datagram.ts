import { type Ipv4, ipv4FromBytes } from "../../wire/ipv4.ts";

/** One IPv4 packet, or a part of one. */
export interface Ipv4Packet {
  readonly source: Ipv4;
  readonly destination: Ipv4;
  readonly protocol: number;
  readonly identification: number;
  /** Where `payload` stands in the whole, and whether more follows: both 0 and false for a packet in one piece. */
  readonly fragmentOffset: number;
  readonly moreFragments: boolean;
  /** What was kept of the payload. */
  readonly payload: Uint8Array;
  /** How long it was on the wire. */
  readonly payloadLength: number;
}

/** IANA "Protocol Numbers". */
export const Protocol = { icmp: 1, tcp: 6, udp: 17 } as const;

const SHORTEST_HEADER = 20;

/** RFC 791 section 3.1. Null for what is not IPv4, or is cut off within the header. Options are passed over. */
export function readIpv4(bytes: Uint8Array, wireLength: number): Ipv4Packet | null {
  const [first = 0] = bytes;
  const header = (first & 0x0f) * 4;
  if (first >> 4 !== 4 || header < SHORTEST_HEADER || bytes.length < header) return null;
  const word = (offset: number) => (bytes[offset]! << 8) | bytes[offset + 1]!;
  // 0 stands where a network card cut the packet up itself, after the capture (Linux, TCP segmentation offload).
  const total = word(2) === 0 ? wireLength : word(2);
  if (total < header) return null;
  const fragment = word(6);
  return {
    source: ipv4FromBytes(bytes.subarray(12, 16)),
    destination: ipv4FromBytes(bytes.subarray(16, 20)),
    protocol: bytes[9]!,
    identification: word(4),
    fragmentOffset: (fragment & 0x1fff) * 8,
    moreFragments: (fragment & 0x2000) !== 0,
    payload: bytes.subarray(header, total),
    payloadLength: total - header,
  };
}

/** A UDP datagram, TCP segment or ICMP message; `payload` may be shorter than `payloadLength`. */
export interface Udp {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload: Uint8Array;
  readonly payloadLength: number;
}

/** RFC 768. Null where the header was not kept. */
export function readUdp(bytes: Uint8Array, length: number): Udp | null {
  if (bytes.length < 8) return null;
  const word = (offset: number) => (bytes[offset]! << 8) | bytes[offset + 1]!;
  // 0 stands for "see the IP packet" where it is longer than 16 bits can say; shorter than a header is rubbish.
  const claimed = word(4);
  if (claimed !== 0 && claimed < 8) return null;
  const total = claimed === 0 ? length : Math.min(claimed, length);
  return {
    sourcePort: word(0),
    destinationPort: word(2),
    payload: bytes.subarray(8, total),
    payloadLength: Math.max(0, total - 8),
  };
}

export interface Tcp extends Udp {
  readonly sequence: number;
  readonly syn: boolean;
  readonly ack: boolean;
  readonly fin: boolean;
  readonly rst: boolean;
}

/** RFC 9293 section 3.1. Null where the header was not kept. */
export function readTcp(bytes: Uint8Array, length: number): Tcp | null {
  if (bytes.length < 20) return null;
  const word = (offset: number) => (bytes[offset]! << 8) | bytes[offset + 1]!;
  const header = (bytes[12]! >> 4) * 4;
  if (header < 20 || header > length) return null;
  const flags = bytes[13]!;
  return {
    sourcePort: word(0),
    destinationPort: word(2),
    sequence: word(4) * 0x10000 + word(6),
    payload: bytes.subarray(header),
    payloadLength: length - header,
    fin: (flags & 0x01) !== 0,
    syn: (flags & 0x02) !== 0,
    rst: (flags & 0x04) !== 0,
    ack: (flags & 0x10) !== 0,
  };
}

/** The UDP datagram of an IPv6 packet without extension headers (RFC 8200 section 3); null for all others. */
export function readUdp6(bytes: Uint8Array): Udp | null {
  if (bytes.length < 40 || bytes[0]! >> 4 !== 6 || bytes[6] !== Protocol.udp) return null;
  return readUdp(bytes.subarray(40), (bytes[4]! << 8) | bytes[5]!);
}

/** RFC 1191 section 4: a router that may not cut a packet up says how large it may be. Gives the packet and that. */
export function readTooLarge(bytes: Uint8Array): { readonly packet: Ipv4Packet; readonly mtu: number } | null {
  if (bytes[0] !== 3 || bytes[1] !== 4 || bytes.length < 8) return null;
  const packet = readIpv4(bytes.subarray(8), bytes.length - 8);
  return packet === null || packet.payload.length < 4 ? null : { packet, mtu: (bytes[6]! << 8) | bytes[7]! };
}

/** RFC 792: a machine says that nothing listens on a port of it. Gives the packet that was refused. */
export function readPortUnreachable(bytes: Uint8Array): { readonly refused: Ipv4Packet; readonly port: number } | null {
  const [type, code] = bytes;
  if (type !== 3 || code !== 3) return null;
  const refused = readIpv4(bytes.subarray(8), bytes.length - 8);
  if (refused === null || refused.payload.length < 4) return null;
  return { refused, port: (refused.payload[2]! << 8) | refused.payload[3]! };
}
