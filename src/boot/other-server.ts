import { type DhcpPacket, tryDecodePacket } from "../dhcp/packet.ts";
import { Architecture, BROADCAST_FLAG, ETHERNET, MessageType, Op, OptionCode } from "../dhcp/registry.ts";
import { ANY_ADDRESS, type Ipv4 } from "../wire/ipv4.ts";
import { type MacAddress, macToBytes } from "../wire/mac.ts";
import { inSubnet } from "../wire/subnet.ts";

/**
 * What the station asks its LAN to learn who else is there: a DISCOVER in the words of UEFI x64 firmware, or in those of
 * no one in particular, since a site's server may be set to pass over network boots. The answers are never taken up.
 */
export function question(mac: MacAddress, xid: number, as: "firmware" | "anyone"): DhcpPacket {
  const chaddr = new Uint8Array(16);
  chaddr.set(macToBytes(mac));
  const none = { ciaddr: ANY_ADDRESS, yiaddr: ANY_ADDRESS, siaddr: ANY_ADDRESS, giaddr: ANY_ADDRESS };
  const firmware = {
    parameterRequestList: [OptionCode.tftpServerName, OptionCode.bootfileName],
    vendorClassIdentifier: "PXEClient:Arch:00007:UNDI:003000",
    clientSystemArchitecture: [Architecture.uefiX64],
    clientNetworkInterfaceIdentifier: Uint8Array.of(1, 3, 0),
  };
  return {
    ...{ op: Op.bootRequest, ...ETHERNET, hops: 0, xid, secs: 0, flags: BROADCAST_FLAG, ...none, chaddr },
    ...{ sname: "", file: "" },
    options: { dhcpMessageType: MessageType.discover, ...(as === "firmware" ? firmware : {}) },
  };
}

/**
 * A reply of a DHCP server, with the server's name for itself, or the address `from` which it came where it does not say
 * a name that can be read; null for all other bytes, and for our own replies.
 */
export function replyOfAnother(
  bytes: Uint8Array,
  from: Ipv4,
  ours: ReadonlySet<Ipv4>,
): { server: Ipv4; packet: DhcpPacket } | null {
  const packet = tryDecodePacket(bytes);
  if (packet === null || packet.op !== Op.bootReply) return null;
  const server = packet.options.serverIdentifier ?? from;
  return ours.has(server) ? null : { server, packet };
}

/** True for a reply that would boot a device. */
export function boots({ file, options }: DhcpPacket): boolean {
  const { vendorClassIdentifier = "", bootfileName } = options;
  return /^(PXE|HTTP)Client/.test(vendorClassIdentifier) || file !== "" || bootfileName !== undefined;
}

/** True for a reply that leases an address, or refuses one, which only a server that leases does. */
export function leases({ yiaddr, options: { dhcpMessageType } }: DhcpPacket): boolean {
  return dhcpMessageType === MessageType.nak || yiaddr !== ANY_ADDRESS;
}

/** One of the station's own interfaces, and the transactions in which it asks at present. */
interface Asking {
  readonly address: Ipv4;
  readonly netmask: Ipv4;
  readonly mac: MacAddress;
  readonly xids: ReadonlySet<number>;
}

/**
 * True if a reply that was broadcast came from the LAN of this interface. A broadcast is heard from every interface of
 * the machine alike, so it tells by what it says: it answers a question that was asked there, or its server is a
 * neighbour there.
 */
export function isFrom(lan: Asking, { server, packet }: { server: Ipv4; packet: DhcpPacket }): boolean {
  const mac = macToBytes(lan.mac);
  const answers = lan.xids.has(packet.xid) && mac.every((byte, at) => packet.chaddr[at] === byte);
  return answers || inSubnet(server, lan.address, lan.netmask);
}
