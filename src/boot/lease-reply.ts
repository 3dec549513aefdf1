import type { DhcpOptions } from "../dhcp/options.ts";
import type { DhcpPacket } from "../dhcp/packet.ts";
import { MessageType, Op, Port } from "../dhcp/registry.ts";
import { ANY_ADDRESS, type Ipv4, LIMITED_BROADCAST } from "../wire/ipv4.ts";
import type { LeaseAnswer } from "./lease.ts";
import { LEASE_MS } from "./lease-pool.ts";
import type { Destination } from "./offer.ts";

const TYPES = { offer: MessageType.offer, ack: MessageType.ack, nak: MessageType.nak } as const;

/**
 * A lease as a packet (RFC 2131 table 3). No router: an isolated LAN has none. `boot` is the boot server's own answer to
 * this device, or null for one that is past its firmware. With it, address and boot file come in one packet, as from any
 * DHCP server with a `filename`: firmware, iPXE and GRUB all read the server from `siaddr` of what leased the address. Its
 * option 60 goes along for HTTP Boot, which insists on it; EDK2 would take it from a PXE offer as a call to port 4011.
 */
export function leaseReply(
  { kind, address }: LeaseAnswer,
  packet: DhcpPacket,
  station: { readonly address: Ipv4; readonly netmask: Ipv4 },
  boot: DhcpPacket | null,
): DhcpPacket {
  const { htype, hlen, xid, flags, chaddr } = packet;
  const { clientIdentifier, clientMachineIdentifier } = packet.options;
  const given: DhcpOptions = { subnetMask: station.netmask, ipAddressLeaseTime: LEASE_MS / 1000 };
  const options: DhcpOptions = {
    dhcpMessageType: TYPES[kind],
    serverIdentifier: station.address,
    // RFC 6842 section 3.
    ...(clientIdentifier === undefined ? {} : { clientIdentifier }),
    ...(clientMachineIdentifier === undefined ? {} : { clientMachineIdentifier }),
    ...(kind === "nak" ? {} : given),
    ...(kind === "nak" || boot === null ? {} : bootOptions(boot)),
  };
  const files = kind === "nak" || boot === null ? NO_BOOT : boot;
  return {
    ...{ op: Op.bootReply, htype, hlen, hops: 0, xid, secs: 0, flags, giaddr: ANY_ADDRESS, chaddr, options },
    ciaddr: kind === "ack" ? packet.ciaddr : ANY_ADDRESS,
    yiaddr: kind === "nak" ? ANY_ADDRESS : address,
    ...{ siaddr: files.siaddr, sname: files.sname, file: files.file },
  };
}

const NO_BOOT = { siaddr: ANY_ADDRESS, sname: "", file: "" };

function bootOptions({ options }: DhcpPacket): DhcpOptions {
  const { vendorClassIdentifier, tftpServerName, bootfileName } = options;
  const http = vendorClassIdentifier === "HTTPClient";
  return { ...(http ? { vendorClassIdentifier } : {}), tftpServerName, bootfileName } as DhcpOptions;
}

/**
 * Where it goes (RFC 2131 section 4.1): to the address that a device has, else to everyone. To unicast to an address that
 * the device does not have yet takes a raw socket; everyone is allowed instead, and every client listens to it.
 */
export function leaseDestination({ kind }: LeaseAnswer, { ciaddr }: DhcpPacket): Destination {
  const to = kind === "ack" && ciaddr !== ANY_ADDRESS ? ciaddr : LIMITED_BROADCAST;
  return { address: to, port: Port.client };
}
