import { type BootClient, identify, type NotOurs } from "../boot/client.ts";
import { answerFor } from "../boot/offer.ts";
import { type DhcpPacket, senderMac, tryDecodePacket } from "../dhcp/packet.ts";
import { Port } from "../dhcp/registry.ts";
import { ANY_ADDRESS, type Ipv4, isUnicast } from "../wire/ipv4.ts";
import type { MacAddress } from "../wire/mac.ts";
import type { DhcpDatagram } from "./dhcp-datagram.ts";
import { type Notice, notice } from "./notice.ts";

/** A DHCP datagram that the station may have to do something about. */
export interface BootQuestion {
  readonly packet: DhcpPacket;
  readonly from: { readonly address: Ipv4; readonly port: number };
  readonly device: MacAddress;
  /** Firmware that asks to be booted, or why it is none. */
  readonly client: BootClient | NotOurs;
  /** What firmware is answered here, if it may boot. */
  readonly answer: ReturnType<typeof answerFor>;
  /** It may ask for an address: the station leases some on its own LAN, and this came from no relay. */
  readonly mayLease: boolean;
}

/** Nothing is to be done. `count` is what to count it as, if it is counted; `told` is what an operator should know. */
interface Ignored {
  readonly count: string | null;
  readonly told?: Notice | null;
}

/**
 * What a datagram asks, without a look at the ledger: the other packets of a busy LAN cost no more than this. `ownMacs`
 * are the station's: the watch for other servers asks as a device would, and a broadcast comes back to its sender.
 */
export function readQuestion(
  { bytes, port, from }: DhcpDatagram,
  lan: { readonly ownMacs: ReadonlySet<MacAddress>; readonly leases: boolean },
): BootQuestion | Ignored {
  const packet = tryDecodePacket(bytes);
  if (packet === null)
    return { count: "malformed", told: notice("unreadable-message", "dhcp", { from: from.address }) };
  const device = senderMac(packet);
  const client = identify(packet);
  if (device === null) return { count: client.ours ? null : client.reason };
  if (lan.ownMacs.has(device)) return { count: null };
  const mayLease = lan.leases && port === Port.server && packet.giaddr === ANY_ADDRESS;
  if (!client.ours) {
    if (client.reason !== "windows" && !mayLease)
      return { count: client.reason, told: damageOf(packet, device, client) };
    return { packet, from, device, client, answer: null, mayLease };
  }
  if (!isPlausible(packet, from.address)) return { count: "forged-address" };
  const answer = answerFor(client, port);
  return answer === null && !mayLease ? { count: null } : { packet, from, device, client, answer, mayLease };
}

/** What an operator is told of a device that asks to boot and sends options that cannot be read. */
export function damageOf({ damaged }: DhcpPacket, device: MacAddress, client: BootClient | NotOurs): Notice | null {
  const asksToBoot = client.ours || client.reason === "architecture-unknown" || client.reason === "no-loader";
  if (damaged === undefined || !asksToBoot) return null;
  const options = damaged.map(({ code, what }) => `option ${code}: ${what}`).join("; ");
  return notice("damaged-option", { device }, { options });
}

/**
 * A device that has an address sends from it, and a relay's address is one that a machine can have. Without this, anyone
 * could have our answers sent to any address they like, or to this machine itself.
 */
export function isPlausible({ giaddr, ciaddr }: DhcpPacket, from: Ipv4): boolean {
  if (giaddr !== ANY_ADDRESS) return isUnicast(giaddr) && (ciaddr === ANY_ADDRESS || isUnicast(ciaddr));
  return ciaddr === ANY_ADDRESS || (ciaddr === from && isUnicast(ciaddr));
}
