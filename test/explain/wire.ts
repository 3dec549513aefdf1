import { type DhcpPacket, encodePacket } from "../../src/dhcp/packet.ts";
import { encodeTftp, type TftpPacket } from "../../src/tftp/packet.ts";
import { ByteWriter } from "../../src/wire/bytes.ts";
import { type Ipv4, ipv4ToBytes } from "../../src/wire/ipv4.ts";
import { type MacAddress, macToBytes } from "../../src/wire/mac.ts";

/** One machine on the wire. */
export interface Machine {
  readonly mac: MacAddress;
  readonly address: Ipv4;
}

export const EVERYONE: Machine = { mac: "ff:ff:ff:ff:ff:ff" as MacAddress, address: "255.255.255.255" as Ipv4 };

export const machine = (mac: string, address: string): Machine => ({
  mac: mac as MacAddress,
  address: address as Ipv4,
});

export interface WireFrame {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

export interface Flags {
  readonly syn?: boolean;
  readonly ack?: boolean;
  readonly fin?: boolean;
  readonly rst?: boolean;
}

/** An Ethernet on which machines talk, and which writes down what they say: captures of failures made by hand. */
export class Wire {
  readonly frames: WireFrame[] = [];
  #identification = 0;
  /** 2026-11-24 04:00 UTC. */
  now = 1_795_492_800_000;

  later(milliseconds: number): this {
    this.now += milliseconds;
    return this;
  }

  dhcp(from: Machine, to: Machine, packet: DhcpPacket, ports: readonly [number, number]): this {
    return this.udp(from, to, ports, encodePacket(packet));
  }

  tftp(from: Machine, to: Machine, ports: readonly [number, number], packet: TftpPacket): this {
    return this.udp(from, to, ports, encodeTftp(packet));
  }

  udp(from: Machine, to: Machine, ports: readonly [number, number], payload: Uint8Array): this {
    return this.ip(from, to, 17, udpBytes(ports, payload));
  }

  tcp(
    from: Machine,
    to: Machine,
    ports: readonly [number, number],
    sequence: number,
    { syn, ack, fin, rst }: Flags,
    payload: Uint8Array | string = "",
  ): this {
    const flags = (fin ? 1 : 0) | (syn ? 2 : 0) | (rst ? 4 : 0) | (ack ? 16 : 0);
    const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
    const writer = new ByteWriter().u16be(ports[0]).u16be(ports[1]).u32be(sequence).u32be(0);
    writer.u8(0x50).u8(flags).u16be(0xffff).zeros(4).put(bytes);
    return this.ip(from, to, 6, writer.done());
  }

  /** ICMP "port unreachable" from `from` about a UDP datagram that `to` had sent it. */
  portUnreachable(from: Machine, to: Machine, ports: readonly [number, number]): this {
    const refused = ipv4Bytes(to, from, 17, udpBytes(ports, new Uint8Array(0)));
    return this.ip(from, to, 1, new ByteWriter().u8(3).u8(3).zeros(6).put(refused).done());
  }

  ip(from: Machine, to: Machine, protocol: number, payload: Uint8Array): this {
    this.#identification = (this.#identification % 0xffff) + 1;
    const identification = this.#identification;
    return this.ethernet(from, to, 0x0800, ipv4Bytes(from, to, protocol, payload, { identification }));
  }

  /** ICMP "fragmentation needed" from a router about a datagram that `to` had sent to `about`. */
  tooLarge(router: Machine, to: Machine, about: Machine, ports: readonly [number, number], mtu: number): this {
    const packet = ipv4Bytes(to, about, 17, udpBytes(ports, new Uint8Array(0)));
    return this.ip(router, to, 1, new ByteWriter().u8(3).u8(4).zeros(4).u16be(mtu).put(packet).done());
  }

  /** A DHCPv6 message of firmware without an address that is known here. */
  dhcp6(from: Machine, type: number, options: readonly (readonly [code: number, value: Uint8Array])[]): this {
    const message = new ByteWriter().u8(type).zeros(2).u8(7);
    for (const [code, value] of options) message.u16be(code).u16be(value.length).put(value);
    const udp = udpBytes([546, 547], message.done());
    const packet = new ByteWriter().u8(0x60).zeros(3).u16be(udp.length).u8(17).u8(1).zeros(32).put(udp).done();
    return this.ethernet(from, { mac: "33:33:00:01:00:02" as MacAddress, address: from.address }, 0x86dd, packet);
  }

  ethernet(from: Machine, to: Machine, type: number, packet: Uint8Array): this {
    const writer = new ByteWriter().put(macToBytes(to.mac)).put(macToBytes(from.mac)).u16be(type).put(packet);
    this.frames.push({ at: this.now, bytes: writer.done() });
    return this;
  }

  /** Puts a VLAN tag (802.1Q) on the last frame. */
  tagged(vlan: number): this {
    const { at, bytes } = this.frames.pop()!;
    const tag = Uint8Array.of(0x81, 0x00, vlan >> 8, vlan & 0xff);
    this.frames.push({ at, bytes: Buffer.concat([bytes.subarray(0, 12), tag, bytes.subarray(12)]) });
    return this;
  }

  /** A mirror port's second copy of the last frame, from where it has that VLAN tag or none. */
  mirrored(vlan: number | null): this {
    const { at, bytes } = this.frames.at(-1)!;
    this.frames.push({
      at,
      bytes: bytes[12] === 0x81 ? Buffer.concat([bytes.subarray(0, 12), bytes.subarray(16)]) : bytes,
    });
    return vlan === null ? this : this.tagged(vlan);
  }

  /** The capture as tcpdump writes it on a PC: pcap, little-endian, microseconds. Of long frames only the head is kept. */
  pcap(): Uint8Array {
    return pcapBytes(this.frames, { keep: (bytes) => (bytes.length > 600 ? 130 : bytes.length) });
  }
}

export function ipv4Bytes(
  from: { readonly address: Ipv4 },
  to: { readonly address: Ipv4 },
  protocol: number,
  payload: Uint8Array,
  { options = new Uint8Array(0), fragment = 0, identification = 1 } = {},
): Uint8Array {
  const header = 20 + options.length;
  return new ByteWriter()
    .u8(0x40 | (header / 4))
    .u8(0)
    .u16be(header + payload.length)
    .u16be(identification)
    .u16be(fragment)
    .u8(64)
    .u8(protocol)
    .zeros(2)
    .put(ipv4ToBytes(from.address))
    .put(ipv4ToBytes(to.address))
    .put(options)
    .put(payload)
    .done();
}

export function udpBytes([source, destination]: readonly [number, number], payload: Uint8Array): Uint8Array {
  return new ByteWriter()
    .u16be(source)
    .u16be(destination)
    .u16be(payload.length + 8)
    .zeros(2)
    .put(payload)
    .done();
}

export interface PcapForm {
  readonly big?: boolean;
  readonly nanoseconds?: boolean;
  readonly linkType?: number;
  readonly snapLength?: number;
  /** How much of a frame to keep. */
  readonly keep?: (bytes: Uint8Array) => number;
}

/** A classic pcap file (draft-ietf-opsawg-pcap). */
export function pcapBytes(frames: readonly WireFrame[], form: PcapForm = {}): Uint8Array {
  const { big = false, nanoseconds = false, linkType = 1, snapLength = 262_144, keep = () => snapLength } = form;
  const writer = new ByteWriter(64 * 1024);
  const u32 = (value: number) => (big ? writer.u32be(value) : writer.u32le(value));
  const u16 = (value: number) => (big ? writer.u16be(value) : writer.u16le(value));
  u32(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4);
  u16(2);
  u16(4);
  for (const value of [0, 0, snapLength, linkType]) u32(value);
  for (const { at, bytes } of frames) {
    const seconds = Math.floor(at / 1000);
    u32(seconds);
    u32(Math.round((at - seconds * 1000) * (nanoseconds ? 1e6 : 1e3)));
    const kept = bytes.subarray(0, keep(bytes));
    u32(kept.length);
    u32(bytes.length);
    writer.put(kept);
  }
  return writer.done();
}

export interface PcapngInterface {
  readonly linkType: number;
  /** Option 9: 6 for microseconds, 9 for nanoseconds; 0x80 and above count in powers of two. */
  readonly resolution?: number;
  readonly snapLength?: number;
}

/** Writes a pcapng section block by block (draft-ietf-opsawg-pcapng). */
export class Pcapng {
  readonly #writer = new ByteWriter(64 * 1024);
  readonly #big: boolean;

  constructor(big = false) {
    this.#big = big;
    this.section();
  }

  section(): this {
    return this.block(0x0a0d0d0a, (body) => {
      this.#u32(body, 0x1a2b3c4d);
      this.#u16(body, 1);
      this.#u16(body, 0);
      body.put(new Uint8Array(8).fill(0xff));
    });
  }

  interface({ linkType, resolution, snapLength = 0 }: PcapngInterface): this {
    return this.block(1, (body) => {
      this.#u16(body, linkType);
      this.#u16(body, 0);
      this.#u32(body, snapLength);
      if (resolution === undefined) return;
      this.#u16(body, 9);
      this.#u16(body, 1);
      body.u8(resolution).zeros(3);
      this.#u32(body, 0);
    });
  }

  enhanced(index: number, ticks: bigint, bytes: Uint8Array, wireLength = bytes.length): this {
    return this.block(6, (body) => {
      for (const value of [index, Number(ticks >> 32n), Number(ticks & 0xffff_ffffn), bytes.length, wireLength])
        this.#u32(body, value);
      body.put(bytes);
    });
  }

  simple(bytes: Uint8Array, wireLength = bytes.length): this {
    return this.block(3, (body) => {
      this.#u32(body, wireLength);
      body.put(bytes);
    });
  }

  block(type: number, fill: (body: ByteWriter) => void): this {
    const body = new ByteWriter();
    fill(body);
    body.zeros((4 - (body.length % 4)) % 4);
    this.#u32(this.#writer, type);
    this.#u32(this.#writer, body.length + 12);
    this.#writer.put(body.done());
    this.#u32(this.#writer, body.length + 12);
    return this;
  }

  bytes(): Uint8Array {
    return this.#writer.done();
  }

  #u32(writer: ByteWriter, value: number): void {
    if (this.#big) writer.u32be(value);
    else writer.u32le(value);
  }
  #u16(writer: ByteWriter, value: number): void {
    if (this.#big) writer.u16be(value);
    else writer.u16le(value);
  }
}
