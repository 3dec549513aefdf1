import { ByteReader } from "../../wire/bytes.ts";
import { type MacAddress, macFromBytes } from "../../wire/mac.ts";
import { MalformedError } from "../../wire/malformed.ts";

/** What a frame of a network carries. */
export interface Frame {
  /** Null where the kind of capture does not have it. */
  readonly source: MacAddress | null;
  readonly destination: MacAddress | null;
  readonly vlans: readonly number[];
  readonly carries: "ipv4" | "ipv6" | "arp";
  /** The packet, as far as it was kept. */
  readonly packet: Uint8Array;
  /** Bytes of it that were on the wire, with padding. */
  readonly wireLength: number;
}

// tcpdump.org/linktypes.html; 12 and 14 are what some systems wrote for raw IP before 101.
const LinkType = { ethernet: 1, raw: 101, linuxCooked: 113, ipv4: 228, linuxCooked2: 276 } as const;
const RAW: ReadonlySet<number> = new Set([12, 14, LinkType.raw, LinkType.ipv4]);
const EtherType = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;
const CARRIES: ReadonlyMap<number, Frame["carries"]> = new Map([
  [EtherType.ipv4, "ipv4"],
  [EtherType.ipv6, "ipv6"],
  [EtherType.arp, "arp"],
]);
// 802.1Q, 802.1ad (QinQ), and what switches used for QinQ before that.
const TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);
const MOST_TAGS = 4;
const ARPHRD_ETHER = 1;

/** The name of a link type that can be read, else null. */
export function linkTypeName(linkType: number): string | null {
  if (linkType === LinkType.ethernet) return "Ethernet";
  if (linkType === LinkType.linuxCooked || linkType === LinkType.linuxCooked2) return "Linux cooked";
  return RAW.has(linkType) ? "raw IP" : null;
}

/** Null for a frame that carries neither IP nor ARP, is cut off before it, or is of a link type not known here. */
export function readFrame(linkType: number, bytes: Uint8Array, wireLength: number): Frame | null {
  try {
    return read(linkType, new ByteReader(bytes), wireLength);
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}

function read(linkType: number, reader: ByteReader, wireLength: number): Frame | null {
  let source: MacAddress | null = null;
  let destination: MacAddress | null = null;
  let type: number = EtherType.ipv4;
  if (linkType === LinkType.ethernet) {
    destination = macFromBytes(reader.take(6));
    source = macFromBytes(reader.take(6));
    type = reader.u16be();
  } else if (linkType === LinkType.linuxCooked) {
    // Packet type, hardware type, address length, address, protocol.
    reader.take(2);
    source = cookedAddress(reader.u16be(), reader.u16be(), reader.take(8));
    type = reader.u16be();
  } else if (linkType === LinkType.linuxCooked2) {
    // Protocol, reserved, interface, hardware type, packet type, address length, address.
    type = reader.u16be();
    reader.take(6);
    const hardware = reader.u16be();
    reader.take(1);
    source = cookedAddress(hardware, reader.u8(), reader.take(8));
  } else if (!RAW.has(linkType)) return null;
  const vlans: number[] = [];
  while (TAGS.has(type)) {
    if (vlans.length === MOST_TAGS) return null;
    vlans.push(reader.u16be() & 0x0fff);
    type = reader.u16be();
  }
  const carries = CARRIES.get(type);
  if (carries === undefined) return null;
  const packet = reader.take(reader.remaining);
  return { source, destination, vlans, carries, packet, wireLength: wireLength - (reader.offset - packet.length) };
}

function cookedAddress(hardware: number, length: number, field: Uint8Array): MacAddress | null {
  return hardware === ARPHRD_ETHER && length === 6 ? macFromBytes(field.subarray(0, 6)) : null;
}
