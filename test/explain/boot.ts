import type { DhcpOptions } from "../../src/dhcp/options.ts";
import type { DhcpPacket } from "../../src/dhcp/packet.ts";
import { MessageType, Op, Port } from "../../src/dhcp/registry.ts";
import type { Options } from "../../src/tftp/packet.ts";
import { ANY_ADDRESS, type Ipv4 } from "../../src/wire/ipv4.ts";
import { macToBytes } from "../../src/wire/mac.ts";
import { EVERYONE, type Machine, machine, Wire } from "./wire.ts";

export const DEVICE = machine("52:54:00:dd:00:01", "10.99.0.150");
/** The site's DHCP server, the station, and somebody else's boot server. */
export const SITE = machine("52:54:00:00:00:01", "10.99.0.1");
export const STATION = machine("52:54:00:00:00:02", "10.99.0.2");
export const OTHER = machine("52:54:00:00:00:09", "10.99.0.9");

const WITHOUT_ADDRESS = { ...DEVICE, address: ANY_ADDRESS };

export const UEFI_X64 = { vendorClassIdentifier: "PXEClient:Arch:00007:UNDI:003000", clientSystemArchitecture: [7] };
export const UEFI_HTTP = { vendorClassIdentifier: "HTTPClient:Arch:00016:UNDI:003001", clientSystemArchitecture: [16] };
export const BIOS = { vendorClassIdentifier: "PXEClient:Arch:00000:UNDI:002001", clientSystemArchitecture: [0] };
export const UEFI_X86 = { vendorClassIdentifier: "PXEClient:Arch:00006:UNDI:003000", clientSystemArchitecture: [6] };
export const WINDOWS = { vendorClassIdentifier: "MSFT 5.0" };

interface Load {
  readonly blocks?: number;
  readonly from?: Machine;
  readonly options?: Options;
  readonly granted?: Options;
  readonly step?: number;
}

interface Http {
  readonly length?: number;
  readonly from?: Machine;
}

type Fields = Partial<Omit<DhcpPacket, "options">> & { readonly options?: DhcpOptions };

/** The steps of network boots, one wire's worth; failures are made by leaving some out or getting them wrong. */
export class Boot extends Wire {
  device: Machine = DEVICE;
  xid = 0x1000;
  firmware: DhcpOptions = UEFI_X64;

  ask(message: number, { options, ...fields }: Fields = {}): this {
    const packet = this.#packet(Op.bootRequest, message, { ...fields, options: { ...this.firmware, ...options } });
    return this.dhcp({ ...WITHOUT_ADDRESS, mac: this.device.mac }, EVERYONE, packet, [Port.client, Port.server]);
  }

  discover(fields: Fields = {}): this {
    return this.ask(MessageType.discover, fields);
  }

  answer(server: Machine, message: number, { options, ...fields }: Fields = {}): this {
    const named = { serverIdentifier: server.address, ...options };
    return this.dhcp(server, EVERYONE, this.#packet(Op.bootReply, message, { ...fields, options: named }), [
      Port.server,
      Port.client,
    ]);
  }

  lease(server: Machine, message: number = MessageType.offer, { options, ...fields }: Fields = {}): this {
    const yiaddr = this.device.address;
    return this.answer(server, message, { yiaddr, siaddr: server.address, ...fields, options: { ...options } });
  }

  proxyOffer(server: Machine = STATION): this {
    return this.answer(server, MessageType.offer, {
      siaddr: server.address,
      options: { vendorClassIdentifier: "PXEClient" },
    });
  }

  /** DISCOVER, both OFFERs, REQUEST and ACK of the lease, as on a LAN with the site's own DHCP server. */
  leased(): this {
    this.discover().later(1).lease(SITE).later(1).proxyOffer().later(3900);
    return this.take(SITE);
  }

  take(server: Machine): this {
    const options = { requestedIpAddress: this.device.address, serverIdentifier: server.address };
    this.ask(MessageType.request, { options });
    return this.later(2).lease(server, MessageType.ack).later(3);
  }

  askBootServer(server: Machine = STATION, { options, ...fields }: Fields = {}): this {
    const ciaddr = this.device.address;
    const packet = this.#packet(Op.bootRequest, MessageType.request, {
      ciaddr,
      ...fields,
      options: { ...this.firmware, ...options },
    });
    return this.dhcp(this.device, server, packet, [Port.bootServer, Port.bootServer]);
  }

  bootServerAck(file: string, server: Machine = STATION): this {
    const packet = this.#packet(Op.bootReply, MessageType.ack, {
      ...{ ciaddr: this.device.address, siaddr: server.address, file },
      options: { serverIdentifier: server.address, vendorClassIdentifier: "PXEClient", bootfileName: file },
    });
    return this.dhcp(server, this.device, packet, [Port.bootServer, Port.bootServer]);
  }

  /** From DISCOVER to the boot server's answer. */
  exchanged(file = "shimx64.efi"): this {
    return this.leased().askBootServer().later(2).bootServerAck(file).later(900);
  }

  rrq(
    filename: string,
    port: number,
    { to = STATION, options = OPTIONS }: { to?: Machine; options?: Options } = {},
  ): this {
    return this.tftp(this.device, to, [port, 69], { opcode: "RRQ", filename, mode: "octet", options });
  }

  oack(port: number, options: Options = OPTIONS, from = STATION): this {
    return this.tftp(from, this.device, [port + 10_000, port], { opcode: "OACK", options });
  }

  data(port: number, block: number, length: number, from = STATION): this {
    const data = new Uint8Array(length);
    return this.tftp(from, this.device, [port + 10_000, port], { opcode: "DATA", block: block & 0xffff, data });
  }

  ack(port: number, block: number, to = STATION): this {
    return this.tftp(this.device, to, [port, port + 10_000], { opcode: "ACK", block: block & 0xffff });
  }

  error(from: Machine, to: Machine, ports: readonly [number, number], code: number, message: string): this {
    return this.tftp(from, to, ports, { opcode: "ERROR", code, message });
  }

  /** One whole load of a file of `blocks` blocks; of those in the middle only every `step`th is on the wire. */
  load(
    name: string,
    port: number,
    { blocks = 3, from = STATION, options = OPTIONS, granted, step = 1 }: Load = {},
  ): this {
    const given = granted ?? options;
    const size = Number(given.find(([key]) => key === "blksize")?.[1] ?? 512);
    this.rrq(name, port, { to: from, options }).later(1);
    if (given.length > 0) this.oack(port, given, from).later(1).ack(port, 0, from).later(1);
    for (let block = 1; block <= blocks; block = block === blocks ? blocks + 1 : Math.min(blocks, block + step))
      this.data(port, block, block === blocks ? 100 : size, from)
        .later(1)
        .ack(port, block, from)
        .later(1);
    return this.later(20);
  }

  notFound(name: string, port: number, from = STATION): this {
    this.rrq(name, port, { to: from }).later(1);
    return this.error(from, this.device, [port + 10_000, port], 1, "file not found").later(20);
  }

  /** One question over HTTP on a connection of its own. */
  http(line: string, port: number, status: string, { length = 3000, from = STATION }: Http = {}): this {
    const [up, down] = [[port, 80] as const, [80, port] as const];
    this.tcp(this.device, from, up, 100, { syn: true })
      .later(1)
      .tcp(from, this.device, down, 900, { syn: true, ack: true });
    const question = `${line} HTTP/1.1\r\nHost: ${from.address}\r\n\r\n`;
    this.later(1).tcp(this.device, from, up, 101, { ack: true }, question).later(1);
    const head = `HTTP/1.1 ${status}\r\nContent-Length: ${length}\r\n\r\n`;
    const sent = line.startsWith("HEAD") ? 0 : length;
    this.tcp(from, this.device, down, 901, { ack: true }, head + "x".repeat(Math.min(sent, 1000))).later(1);
    if (sent > 1000)
      this.tcp(from, this.device, down, 901 + head.length + sent - 1000, { ack: true }, "x".repeat(1000)).later(1);
    return this.tcp(from, this.device, down, 901 + head.length + sent, { ack: true, fin: true }).later(10);
  }

  /** TLS records of the given types and lengths, from the device (`up`) and from the server, after the TCP handshake. */
  tls(
    port: number,
    talk: readonly (readonly ["up" | "down", ...(readonly [type: number, length: number])[]])[],
    server = STATION,
  ): this {
    let [upAt, downAt] = [101, 901];
    this.tcp(this.device, server, [port, 443], 100, { syn: true }).later(1);
    this.tcp(server, this.device, [443, port], 900, { syn: true, ack: true }).later(1);
    for (const [way, ...records] of talk) {
      const bytes = Uint8Array.from(
        records.flatMap(([type, length]) => [type, 3, 3, length >> 8, length & 0xff, ...new Array(length).fill(2)]),
      );
      if (way === "up") this.tcp(this.device, server, [port, 443], upAt, { ack: true }, bytes);
      else this.tcp(server, this.device, [443, port], downAt, { ack: true }, bytes);
      if (way === "up") upAt += bytes.length;
      else downAt += bytes.length;
      this.later(5);
    }
    return this.tcp(this.device, server, [port, 443], upAt, { ack: true, fin: true }).later(10);
  }

  /** shim and GRUB, as Secure Boot firmware loads them. */
  shimAndGrub(): this {
    return this.load("shimx64.efi", 1024).load("grubx64.efi", 1025).load("/grub/grub.cfg", 1026, { blocks: 1 });
  }

  /** Everything up to the recovery image. */
  image(): this {
    return this.exchanged().shimAndGrub().http("GET /vmlinuz", 2000, "200 OK").http("GET /initrd", 2001, "200 OK");
  }

  /** The agent's call, in records as TLS 1.3 has them. */
  agent(): this {
    return this.tls(3000, [
      ["up", [22, 300]],
      ["down", [22, 90], [20, 1], [23, 900]],
      ["up", [20, 1], [23, 53], [23, 200]],
      ["down", [23, 300]],
    ]);
  }

  /** Something of somebody else, so that the capture goes on. */
  somethingLater(milliseconds: number): this {
    this.later(milliseconds);
    return this.udp(OTHER, EVERYONE, [5353, 5353], new Uint8Array(40));
  }

  #packet(op: number, dhcpMessageType: number, { options, ...fields }: Fields): DhcpPacket {
    const chaddr = new Uint8Array(16);
    chaddr.set(macToBytes(this.device.mac));
    const none: Record<"ciaddr" | "yiaddr" | "siaddr" | "giaddr", Ipv4> = {
      ...{ ciaddr: ANY_ADDRESS, yiaddr: ANY_ADDRESS, siaddr: ANY_ADDRESS, giaddr: ANY_ADDRESS },
    };
    return {
      ...{
        op,
        htype: 1,
        hlen: 6,
        hops: 0,
        xid: this.xid,
        secs: 0,
        flags: 0x8000,
        ...none,
        chaddr,
        sname: "",
        file: "",
      },
      ...fields,
      options: { dhcpMessageType, ...options },
    };
  }
}

/** As EDK2 asks. */
export const OPTIONS: Options = [
  ["blksize", "1468"],
  ["windowsize", "4"],
];
