import { randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { decodePacket, encodePacket, senderMac } from "../../dhcp/packet.ts";
import { Architecture, BROADCAST_FLAG, ETHERNET, MessageType, Op, OptionCode, Port } from "../../dhcp/registry.ts";
import { guidToBytes } from "../../wire/guid.ts";
import { ANY_ADDRESS, type Ipv4, LIMITED_BROADCAST } from "../../wire/ipv4.ts";
import { type MacAddress, macToBytes } from "../../wire/mac.ts";
import { MalformedError } from "../../wire/malformed.ts";
import type { SyntheticDevice } from "./device.ts";

/** PXE 2.1 section 2.2.1: a firmware waits so long for offers, then asks again; after the last it gives up. */
const OFFER_WAITS = [4000, 8000, 16_000, 32_000] as const;
const ACK_WAITS = [1000, 2000, 4000] as const;
const RECEIVE_BYTES = 4 * 1024 * 1024;

/** The broadcasts of all devices: one socket on port 68, which hears every offer and tells it from others by its MAC. */
export class Air {
  readonly #socket: Socket;
  readonly #listening = new Map<MacAddress, () => void>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (bytes: Buffer) => {
      const mac = offeredTo(bytes);
      if (mac !== null) this.#listening.get(mac)?.();
    });
    socket.on("error", () => {});
  }

  static open(): Promise<Air> {
    const socket = createSocket({ type: "udp4", reuseAddr: true, recvBufferSize: RECEIVE_BYTES });
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(Port.client, () => {
        socket.setBroadcast(true);
        resolve(new Air(socket));
      });
    });
  }

  /** Asks until a boot server offers; false if none did as long as a firmware asks. */
  async discover(device: SyntheticDevice): Promise<boolean> {
    for (const [round, milliseconds] of OFFER_WAITS.entries()) {
      this.#broadcast(bootRequest(device, MessageType.discover, ANY_ADDRESS, round));
      if (await this.#offered(device.mac, milliseconds)) return true;
    }
    return false;
  }

  /** What Windows broadcasts when it comes up with the address that it had before. */
  windowsIsUp(device: SyntheticDevice): void {
    const options = {
      dhcpMessageType: MessageType.request,
      vendorClassIdentifier: "MSFT 5.0",
      requestedIpAddress: device.address,
      hostName: device.name,
    };
    this.#broadcast(encodePacket({ ...header(device), options }));
  }

  close(): void {
    this.#socket.close();
  }

  #broadcast(bytes: Uint8Array): void {
    this.#socket.send(bytes, Port.server, LIMITED_BROADCAST, () => {});
  }

  #offered(mac: MacAddress, milliseconds: number): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (offered: boolean) => {
        clearTimeout(timer);
        this.#listening.delete(mac);
        resolve(offered);
      };
      const timer = setTimeout(done, milliseconds, false);
      this.#listening.set(mac, () => done(true));
    });
  }
}

/** Asks on port 4011 from the device's own address, as EDK2 does. True if the station acknowledged, with a boot file. */
export async function askBootServer(device: SyntheticDevice, station: Ipv4): Promise<boolean> {
  const socket = createSocket("udp4");
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(Port.bootServer, device.address, resolve);
    });
    for (const [round, milliseconds] of ACK_WAITS.entries()) {
      const answered = new Promise<boolean>((resolve) => {
        const timer = setTimeout(resolve, milliseconds, false);
        socket.once("message", (bytes: Buffer) => {
          clearTimeout(timer);
          resolve(isAcknowledgement(bytes));
        });
      });
      socket.send(bootRequest(device, MessageType.request, device.address, round), Port.bootServer, station);
      if (await answered) return true;
    }
    return false;
  } finally {
    socket.close();
  }
}

function header(device: SyntheticDevice) {
  const chaddr = new Uint8Array(16);
  chaddr.set(macToBytes(device.mac));
  return {
    ...{ op: Op.bootRequest, ...ETHERNET, hops: 0, xid: randomBytes(4).readUInt32BE(), secs: 0, flags: BROADCAST_FLAG },
    ...{ ciaddr: ANY_ADDRESS, yiaddr: ANY_ADDRESS, siaddr: ANY_ADDRESS, giaddr: ANY_ADDRESS, chaddr },
    ...{ sname: "", file: "" },
  };
}

/** In the words of UEFI x64 firmware. */
function bootRequest(device: SyntheticDevice, dhcpMessageType: number, ciaddr: Ipv4, round: number): Uint8Array {
  const options = {
    dhcpMessageType,
    parameterRequestList: [OptionCode.tftpServerName, OptionCode.bootfileName],
    vendorClassIdentifier: "PXEClient:Arch:00007:UNDI:003000",
    clientSystemArchitecture: [Architecture.uefiX64],
    clientNetworkInterfaceIdentifier: Uint8Array.of(1, 3, 0),
    clientMachineIdentifier: Uint8Array.of(0, ...guidToBytes(device.uuid)),
  };
  return encodePacket({ ...header(device), ciaddr, secs: round * 4, options });
}

function offeredTo(bytes: Uint8Array): MacAddress | null {
  const packet = decode(bytes);
  const offer = packet?.op === Op.bootReply && packet.options.vendorClassIdentifier === "PXEClient";
  return offer ? senderMac(packet) : null;
}

function isAcknowledgement(bytes: Uint8Array): boolean {
  const options = decode(bytes)?.options;
  return options?.dhcpMessageType === MessageType.ack && options.bootfileName !== undefined;
}

function decode(bytes: Uint8Array) {
  try {
    return decodePacket(bytes);
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}
