import type { DhcpOptions } from "../dhcp/options.ts";
import type { DhcpPacket } from "../dhcp/packet.ts";
import { MessageType, Op, Port } from "../dhcp/registry.ts";
import { ANY_ADDRESS, type Ipv4, LIMITED_BROADCAST } from "../wire/ipv4.ts";
import type { BootClient } from "./client.ts";

export interface Destination {
  readonly address: Ipv4;
  readonly port: number;
}

/**
 * Which answer a boot client gets, by what it asks and where: the proxyDHCP offer for its DISCOVER, the boot file for
 * its REQUEST to the boot server port. A REQUEST on port 67 is for the site's DHCP server, which leased the address;
 * `lease-seen` where it tells what no other packet would: UEFI HTTP Boot goes from there straight to its URL.
 */
export function answerFor(client: BootClient, port: number): "offer" | "ack" | "lease-seen" | null {
  if (client.asks === "discover") return port === Port.server ? "offer" : null;
  if (port === Port.bootServer) return "ack";
  return client.over === "http" ? "lease-seen" : null;
}

/**
 * The proxyDHCP offer (PXE 2.1 section 2.2.2): no address (the site's DHCP server leases that), and for PXE no boot file
 * either, so that the firmware asks for it on port 4011 from the address it was given. No option 43: EDK2 takes an offer
 * with boot server discovery options for one it has to choose from in a menu. HTTP Boot has no port 4011: its offer
 * carries the URL (UEFI section 24.7.3.1).
 */
export function proxyOffer(client: BootClient, packet: DhcpPacket, station: Ipv4, file: string): DhcpPacket {
  const offer = reply(client, packet, station, MessageType.offer);
  return client.over === "pxe" ? offer : { ...offer, options: { ...offer.options, bootfileName: file } };
}

/**
 * The boot server's acknowledgement on port 4011: where to fetch which file. The address stands in `siaddr`, `sname` and
 * option 66 alike, since firmware and GRUB each read another one of them.
 */
export function proxyAck(client: BootClient, packet: DhcpPacket, station: Ipv4, file: string): DhcpPacket {
  const ack = reply(client, packet, station, MessageType.ack);
  const options = { ...ack.options, tftpServerName: station, bootfileName: file };
  return { ...ack, sname: station, file, options };
}

/**
 * Where an offer goes (RFC 2131 section 4.1): to the relay that passed the question on, to an address the device says it
 * has, or else to everyone, since a proxy's offer leases no address it could be sent to.
 */
export function offerDestination({ giaddr, ciaddr }: DhcpPacket): Destination {
  if (giaddr !== ANY_ADDRESS) return { address: giaddr, port: Port.server };
  if (ciaddr !== ANY_ADDRESS) return { address: ciaddr, port: Port.client };
  return { address: LIMITED_BROADCAST, port: Port.client };
}

/**
 * Where an acknowledgement goes: back to where the question came from (EDK2 asks from port 4011, older ROMs from 68).
 * A source that nothing can be sent to (no address yet, port 0) gets it as it would get an offer.
 */
export function ackDestination(packet: DhcpPacket, from: Destination): Destination {
  return from.address === ANY_ADDRESS || from.port === 0 ? offerDestination(packet) : from;
}

function reply({ over }: BootClient, packet: DhcpPacket, station: Ipv4, dhcpMessageType: number): DhcpPacket {
  const { htype, hlen, xid, flags, ciaddr, giaddr, chaddr } = packet;
  const { clientMachineIdentifier, relayAgentInformation } = packet.options;
  const options: DhcpOptions = {
    dhcpMessageType,
    serverIdentifier: station,
    // Echoed in its short form; firmware passes over an offer of the other kind.
    vendorClassIdentifier: over === "pxe" ? "PXEClient" : "HTTPClient",
    ...(clientMachineIdentifier === undefined ? {} : { clientMachineIdentifier }),
    // RFC 3046 section 2.2: echoed, and only where there is a relay to read it.
    ...(relayAgentInformation === undefined ? {} : { relayAgentInformation }),
  };
  return {
    ...{ op: Op.bootReply, htype, hlen, hops: 0, xid, secs: 0, flags, giaddr, chaddr, options },
    // RFC 2131 table 3: an offer has no ciaddr, an acknowledgement repeats the request's.
    ciaddr: dhcpMessageType === MessageType.ack ? ciaddr : ANY_ADDRESS,
    yiaddr: ANY_ADDRESS,
    siaddr: station,
    sname: "",
    file: "",
  };
}
