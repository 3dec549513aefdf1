import type { Ipv4 } from "../wire/ipv4.ts";

/** Where a datagram came in: broadcast or unicast to the DHCP server port, or the PXE boot server port. */
export type DhcpPort = 67 | 4011;

export interface DhcpDatagram {
  readonly bytes: Uint8Array;
  readonly port: DhcpPort;
  readonly from: { readonly address: Ipv4; readonly port: number };
}

/** A datagram to send; the port it leaves from is the one the question came in on. */
export interface DhcpReply {
  readonly bytes: Uint8Array;
  readonly to: { readonly address: Ipv4; readonly port: number };
}
