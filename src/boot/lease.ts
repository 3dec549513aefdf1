import { type DhcpPacket, isDamaged } from "../dhcp/packet.ts";
import { MessageType, OptionCode } from "../dhcp/registry.ts";
import { ANY_ADDRESS, type Ipv4 } from "../wire/ipv4.ts";
import type { Leaseholder, LeasePool } from "./lease-pool.ts";

/** What a DHCP server says: an address to offer, to confirm, or that the device must not use. */
export interface LeaseAnswer {
  readonly kind: "offer" | "ack" | "nak";
  readonly address: Ipv4;
}

export type LeaseSilence =
  /** A RELEASE, and the address was this device's. */
  | "released"
  /** A DECLINE: somebody else uses the address that this device was given. */
  | "declined"
  /** It took another DHCP server's offer, on this LAN or on another of the station's. */
  | "chose-another-server"
  | "range-full"
  /** New leases are not given out at present. */
  | "not-leasing"
  /** Nothing that a lease could be given for. */
  | "no-lease-asked";

export interface LeaseTerms {
  readonly holder: Leaseholder;
  readonly station: Ipv4;
  /** How many known devices there may be, for which addresses are kept. */
  readonly reserved: number;
  /** False: who has a lease keeps it, nobody gets a new one, and nobody is told to drop an address. */
  readonly leasing: boolean;
}

/**
 * The server's side of RFC 2131 section 4.3, for a message of this holder on the station's own LAN. It departs from it in
 * one place: a device that asks for a free address of the range by itself (INIT-REBOOT, RENEWING) gets it, recorded or
 * not, since the station may have been started anew and there is no other server to know better.
 */
export function answerLease(
  pool: LeasePool,
  packet: DhcpPacket,
  terms: LeaseTerms,
  now: number,
): LeaseAnswer | LeaseSilence {
  const { holder, station, reserved, leasing } = terms;
  const { dhcpMessageType, requestedIpAddress, serverIdentifier } = packet.options;
  switch (dhcpMessageType) {
    case MessageType.discover: {
      if (!leasing) return "not-leasing";
      const address = pool.offer(holder, requestedIpAddress ?? null, reserved, now);
      return address === null ? "range-full" : { kind: "offer", address };
    }
    case MessageType.request: {
      // Whose offer it takes is lost: it may well be another server's.
      if (isDamaged(packet, OptionCode.serverIdentifier)) return "no-lease-asked";
      if (serverIdentifier !== undefined && serverIdentifier !== station) {
        pool.withdraw(holder.device);
        return "chose-another-server";
      }
      // Table 5: who renews has its address in ciaddr, who selects or reboots asks for it in option 50.
      const address = packet.ciaddr === ANY_ADDRESS ? requestedIpAddress : packet.ciaddr;
      if (address === undefined) return "no-lease-asked";
      if (!leasing && !pool.holds(holder.device, address, now)) return "not-leasing";
      return { kind: pool.lease(holder, address, reserved, now) ? "ack" : "nak", address };
    }
    case MessageType.release:
      if (serverIdentifier !== station) return "no-lease-asked";
      return pool.release(holder.device, packet.ciaddr) ? "released" : "no-lease-asked";
    case MessageType.decline:
      if (serverIdentifier !== station || requestedIpAddress === undefined) return "no-lease-asked";
      return pool.decline(holder.device, requestedIpAddress, now) ? "declined" : "no-lease-asked";
    default:
      return "no-lease-asked";
  }
}
