import type { Ipv4 } from "../wire/ipv4.ts";
import type { MacAddress } from "../wire/mac.ts";

/** One end of what was seen. */
export interface Peer {
  readonly address: Ipv4;
  readonly port: number;
  /** From the frame; null where there is no frame, or it has none. Behind a router it is the router's. */
  readonly mac: MacAddress | null;
  /** Of who sends: the VLAN tag of the frame; "several" where the capture has it twice, with another tag or none. */
  readonly vlan?: number | "several";
}

interface Span {
  /** When it began and ended, in milliseconds since 1970. */
  readonly at: number;
  readonly endedAt: number;
  /** First and last frame of it, as every capture program numbers them; null on the station, which sees no frames. */
  readonly frames: readonly [first: number, last: number] | null;
}

export type DhcpMessage = "DISCOVER" | "OFFER" | "REQUEST" | "DECLINE" | "ACK" | "NAK" | "RELEASE" | "INFORM";

/** Who speaks: firmware that boots from the network, iPXE, Windows, the recovery image's udhcpc, or any other. */
export type DhcpProgram = "firmware" | "ipxe" | "windows" | "recovery-image" | "other";

/** One DHCP message, and its repetitions: small and of a known size, so that a flood of them can be kept. */
export interface DhcpSeen extends Span {
  readonly what: "dhcp";
  readonly from: Peer;
  readonly to: Peer;
  /** Of `chaddr`: the device's, in questions and answers alike. On InfiniBand that which its port's GUID was made of. */
  readonly device: MacAddress;
  readonly infiniBand: boolean;
  readonly message: DhcpMessage;
  /** How often it was sent, word for word the same. */
  readonly times: number;
  readonly xid: number;
  /** On port 4011, where PXE firmware asks for its boot file. */
  readonly bootServer: boolean;
  readonly program: DhcpProgram;
  readonly vendorClass: string | null;
  readonly architecture: number | null;
  readonly uuid: string | null;
  readonly ciaddr: Ipv4;
  readonly yiaddr: Ipv4;
  readonly siaddr: Ipv4;
  readonly giaddr: Ipv4;
  readonly serverIdentifier: Ipv4 | null;
  readonly requestedAddress: Ipv4 | null;
  readonly tftpServerName: string | null;
  /** Option 67, or else the field `file`. */
  readonly bootFile: string | null;
  /** Option 43 tells firmware to choose from a menu or list of boot servers (PXE 2.1 tags 6, 8, 9, 10). */
  readonly bootMenu: boolean;
  /** Option 43 without PXEClient in option 60: another vendor's, such as that of access points. */
  readonly otherVendor: boolean;
  /** Option 82 is there. */
  readonly relayInformation: boolean;
}

/** How a load or a handshake ended, as far as was seen. */
export type Ending =
  | "finished"
  /** The server said no before the first byte. */
  | "refused"
  /** One of the two said that it stops. */
  | "aborted"
  /** Both fell silent in the middle. */
  | "stalled"
  /** Nothing came back at all. */
  | "unanswered"
  /** What was seen ends here; the load may have gone on. */
  | "cut";

/** One file that a device asked for. */
export interface LoadSeen extends Span {
  readonly what: "load";
  readonly over: "tftp" | "http";
  readonly from: Peer;
  /** Where it was asked for. */
  readonly to: Peer;
  /** Where the answer came from, if that was somewhere else. */
  readonly answeredFrom: Ipv4 | null;
  /** As asked: a name, or an HTTP path. */
  readonly name: string;
  readonly method: "RRQ" | "GET" | "HEAD" | "POST";
  /** How often the question was sent. */
  readonly asks: number;
  /** TFTP options by name; null where they were not seen. */
  readonly asked: TftpOptions | null;
  readonly granted: TftpOptions | null;
  /** The file's size if it was said, and bytes of it that were delivered. */
  readonly size: number | null;
  readonly bytes: number;
  /** TFTP: the last block delivered, counted on past 65,535; blocks sent again, and acknowledgements sent again. */
  readonly lastBlock: number;
  readonly blocksRepeated: number;
  readonly acksRepeated: number;
  /** TFTP: how often it came to rest for a second or more, and went on. */
  readonly pauses: number;
  /** Some of its datagrams came in several IP fragments. */
  readonly fragmented: boolean;
  readonly ending: Ending;
  /** Who ended it, or fell silent. */
  readonly by: "device" | "server" | null;
  /** TFTP error code or HTTP status, with what was said. */
  readonly code: number | null;
  readonly message: string;
}

export interface TftpOptions {
  readonly blksize?: number;
  readonly windowsize?: number;
  readonly tsize?: number;
  readonly timeout?: number;
}

/** A TLS handshake: the agent's, where it goes to a boot server. */
export interface TlsSeen extends Span {
  readonly what: "tls";
  /** How often in a row with the same end. */
  readonly times: number;
  readonly from: Peer;
  readonly to: Peer;
  readonly ending: Ending;
  readonly by: "device" | "server" | null;
  /** RFC 8446 section 6.2, where it could be read. */
  readonly alert: number | null;
}

/**
 * Nobody listens on a port (said by ICMP or a TCP reset, or SYN after SYN went without an answer), or nobody has the
 * address at all (ARP; the ports are 0 then).
 */
export interface ClosedSeen extends Span {
  readonly what: "closed";
  readonly from: Peer;
  readonly to: Peer;
  readonly protocol: "udp" | "tcp" | "arp";
  readonly how: "refused" | "silence";
}

/** Firmware that asks over IPv6, or an answer to it. IPv6 addresses are not kept: `from` and `to` have none. */
export interface Dhcp6Seen extends Span {
  readonly what: "dhcp6";
  readonly from: Peer;
  readonly to: Peer;
  readonly device: MacAddress;
  readonly message: "SOLICIT" | "ADVERTISE";
  readonly times: number;
  /** Option 16 and the first of option 61 (RFC 8415, RFC 5970). */
  readonly vendorClass: string | null;
  readonly architecture: number | null;
}

/** A router says that a packet to the device was too large for its path (RFC 1191: ICMP 3/4, "fragmentation needed"). */
export interface MtuSeen extends Span {
  readonly what: "mtu";
  /** The device, and whose packet it was. */
  readonly from: Peer;
  readonly to: Peer;
  readonly router: Ipv4;
  /** The largest packet that passes, in bytes with its IP header. */
  readonly mtu: number;
  readonly times: number;
}

/** Something that one device did, or that was done to it. Captures and the station's own sockets both give these. */
export type Seen = DhcpSeen | Dhcp6Seen | LoadSeen | TlsSeen | ClosedSeen | MtuSeen;
