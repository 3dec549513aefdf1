import { type BootClient, identify, type NotOursReason } from "../boot/client.ts";
import { exchangeOf, otherAddress } from "../boot/exchange.ts";
import type { LeaseAnswer } from "../boot/lease.ts";
import { leaseDestination, leaseReply } from "../boot/lease-reply.ts";
import { bootFile, type UefiLoader } from "../boot/loader.ts";
import { ackDestination, answerFor, offerDestination, proxyAck, proxyOffer } from "../boot/offer.ts";
import type { ImageArchitecture } from "../boot/table.ts";
import { admit, isListed } from "../campaign/campaign.ts";
import { type DhcpPacket, decodePacket, encodePacket, senderMac } from "../dhcp/packet.ts";
import { Port } from "../dhcp/registry.ts";
import type { Sighting } from "../fleet/sighting.ts";
import { dueProof, isSettled } from "../rescue/session.ts";
import { ANY_ADDRESS, type Ipv4, isUnicast } from "../wire/ipv4.ts";
import type { MacAddress } from "../wire/mac.ts";
import { MalformedError } from "../wire/malformed.ts";
import { Budget } from "./budget.ts";
import type { Desk } from "./desk.ts";
import type { DhcpDatagram, DhcpReply } from "./dhcp-datagram.ts";
import type { Leases } from "./leases.ts";
import type { LoadTurns } from "./load-turns.ts";
import { type Notice, notice } from "./notice.ts";
import type { ServedInterface } from "./served-interface.ts";

export interface BootServerOptions {
  readonly desk: Desk;
  readonly served: ServedInterface;
  /** Of all the station's interfaces: its own questions come back to it on each of them. */
  readonly ownMacs?: ReadonlySet<MacAddress>;
  /** Where the station leases addresses too; without it, it is a proxy beside the site's DHCP server. */
  readonly leases?: Leases;
  readonly httpPort: number;
  /** For which devices there is a recovery image. */
  readonly images: ReadonlySet<ImageArchitecture>;
  readonly uefiLoader: UefiLoader;
  /** Who may load; without it, everybody. */
  readonly loads?: LoadTurns;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
  /** Called for each cause; what is told again is decided elsewhere. */
  readonly onNotice: (notice: Notice) => void;
}

/** Boot exchanges of one device from one address, in a minute: each is an entry. Firmware asks once or twice. */
const EXCHANGES = { perKey: 5, keys: 16_384 };
/** Made-up MAC addresses must not use up what the inventory's devices need. */
const STRANGERS = { perKey: 5, keys: 1024 };
/** Sightings of one device, in a minute. */
const SIGHTINGS = { perKey: 10, keys: 16_384 };

/** What a device is that may have an address without a boot file. Firmware that cannot be booted gets neither. */
const BEYOND_FIRMWARE: ReadonlySet<NotOursReason> = new Set(["windows", "udhcp", "not-network-boot", "not-asking"]);

/**
 * Answers DHCP datagrams: silence to everyone who is not a boot client that the campaign admits, and a record of the
 * devices that come back.
 */
export class BootServer {
  readonly #options: BootServerOptions;
  readonly #counters = new Map<string, number>();
  readonly #exchanges = { known: new Budget(EXCHANGES), stranger: new Budget(STRANGERS) };
  readonly #sightings = new Budget(SIGHTINGS);

  constructor(options: BootServerOptions) {
    this.#options = options;
  }

  counters(): Record<string, number> {
    return { ...Object.fromEntries(this.#counters), ...this.#options.leases?.counts() };
  }

  async answer({ bytes, port, from }: DhcpDatagram): Promise<DhcpReply | null> {
    const packet = this.#decode(bytes);
    if (packet === null) return null;
    const { served, httpPort, uefiLoader, desk, ownMacs } = this.#options;
    // The watch for other servers asks as a device would, and a broadcast comes back to its sender.
    const device = senderMac(packet);
    if (device !== null && (device === served.mac || ownMacs?.has(device))) return null;
    const leases = this.#leasesFor(packet, port);
    const client = identify(packet);
    if (!client.ours) {
      this.#count(client.reason);
      if (client.reason === "windows" && client.device !== null) await this.#see(client.device, "windows", packet);
      if (leases === null || device === null || !BEYOND_FIRMWARE.has(client.reason)) return null;
      return this.#leaseBeyondFirmware(leases, device, packet, from.address);
    }
    if (!isPlausible(packet, from.address)) {
      this.#count("forged-address");
      return null;
    }
    const answer = answerFor(client, port);
    if (answer === null && leases === null) return null;
    await desk.catchUp();
    if (!(await this.#mayBoot(client, packet))) return null;
    if (client.asks === "discover" && !this.#mayArrive(client.device)) return null;
    const file = bootFile(client, { address: served.address, httpPort }, uefiLoader);
    const lease = leases?.answer(client.device, packet);
    if (typeof lease === "object") {
      if (lease.kind === "ack") {
        if (!(await this.#recordExchange(client, packet, lease.address))) return null;
        this.#options.loads?.arrives(client.device, isListed(desk.state.campaign, client.device));
      }
      return this.#leased(lease, packet, proxyAck(client, packet, served.address, file));
    }
    if (answer === null) return null;
    if (answer === "offer") {
      this.#count(answer);
      return { bytes: encodePacket(proxyOffer(client, packet, served.address, file)), to: offerDestination(packet) };
    }
    const address = answer === "lease-seen" ? (packet.options.requestedIpAddress ?? packet.ciaddr) : from.address;
    if (!isUnicast(address) || (answer === "ack" && from.port === 0)) {
      this.#count("forged-address");
      return null;
    }
    if (!(await this.#recordExchange(client, packet, address))) return null;
    this.#count(answer);
    this.#options.loads?.arrives(client.device, isListed(desk.state.campaign, client.device));
    if (answer === "lease-seen") return null;
    return { bytes: encodePacket(proxyAck(client, packet, served.address, file)), to: ackDestination(packet, from) };
  }

  /** A reply that the network did not take, mostly because its receiver's address was made up. */
  unsent(): void {
    this.#count("unsent");
  }

  /** Leases are for the station's own LAN alone, never for devices behind a relay. */
  #leasesFor({ giaddr }: DhcpPacket, port: number): Leases | null {
    return port === Port.server && giaddr === ANY_ADDRESS ? (this.#options.leases ?? null) : null;
  }

  /** The recovery image's agent, Windows, a device that gives its address back: they get no boot file. */
  async #leaseBeyondFirmware(
    leases: Leases,
    device: MacAddress,
    packet: DhcpPacket,
    from: Ipv4,
  ): Promise<DhcpReply | null> {
    await this.#options.desk.catchUp();
    if (!leases.mayHaveOne(device, packet)) return null;
    if (!isPlausible(packet, from)) {
      this.#count("forged-address");
      return null;
    }
    const lease = leases.answer(device, packet);
    return typeof lease === "object" ? this.#leased(lease, packet, null) : null;
  }

  #leased(lease: LeaseAnswer, packet: DhcpPacket, boot: DhcpPacket | null): DhcpReply {
    this.#count(`lease-${lease.kind}`);
    const reply = leaseReply(lease, packet, this.#options.served, boot);
    return { bytes: encodePacket(reply), to: leaseDestination(lease, packet) };
  }

  #decode(bytes: Uint8Array): DhcpPacket | null {
    try {
      return decodePacket(bytes);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.#count("malformed");
      return null;
    }
  }

  async #mayBoot({ device, uuid, firmware, image }: BootClient, packet: DhcpPacket): Promise<boolean> {
    const { images, desk } = this.#options;
    const { state } = desk;
    const admission = admit(state.campaign, { macs: [device], uuid });
    if (!admission.admitted) return this.#silence(device, admission.reason);
    await this.#see(device, "network-boot", packet);
    const session = state.sessions.byDevice.get(device);
    if (session !== undefined && isSettled(session))
      return this.#silence(device, "rescued already, goes on to its disk");
    if (images.has(image)) return true;
    this.#count("silence");
    this.#options.onNotice(notice("no-image", { device }, { firmware, image }));
    return false;
  }

  /** False while so many others load their loaders that this one would wait for its own in vain: it asks again. */
  #mayArrive(device: MacAddress): boolean {
    const { loads } = this.#options;
    if (loads === undefined || loads.mayArrive(device, isListed(this.#options.desk.state.campaign, device)))
      return true;
    this.#count("later");
    this.#options.onNotice(notice("many-arrivals", "loads"));
    return false;
  }

  #silence(device: MacAddress, why: string): false {
    this.#count("silence");
    this.#options.onNotice(notice("not-answered", { device }, { why }));
    return false;
  }

  /** False if this address has asked more often than is written down, and is not known as this device's. */
  async #recordExchange(client: BootClient, { xid, secs }: DhcpPacket, address: Ipv4): Promise<boolean> {
    const { desk } = this.#options;
    const { device, uuid, firmware } = client;
    const { boots } = desk.state;
    const now = this.#options.now();
    if (
      !this.#exchanges[isListed(this.#options.desk.state.campaign, device) ? "known" : "stranger"].take(
        `${device} ${address}`,
        now,
      )
    ) {
      this.#count("flood");
      return exchangeOf(boots, address, now)?.device === device;
    }
    const other = otherAddress(boots, { device, address, at: now });
    if (other !== null) this.#options.onNotice(notice("two-addresses", { device }, { one: other, other: address }));
    const body = { type: "boot.offered", device, address, uuid, firmware };
    const commandId = `boot:${device}:${address}:${xid}:${secs}:${firmware}:${uuid}`;
    await desk.record({ body, actor: "station", commandId });
    return true;
  }

  /** Only devices with a report are of interest; one entry for each DHCP transaction, however often it is repeated. */
  async #see(device: MacAddress, as: Sighting, packet: DhcpPacket): Promise<void> {
    const { desk } = this.#options;
    await desk.catchUp();
    const session = desk.state.sessions.byDevice.get(device);
    if (session === undefined || session.outcome === null) return;
    if (!this.#sightings.take(`${device} ${as}`, this.#options.now())) return this.#count("flood");
    const body = { type: "device.sighted", device, as };
    const commandId = `sighted:${session.session}:${as}:${packet.xid}`;
    await desk.record({ body, actor: `device:${device}`, commandId });
    await desk.decide(() => {
      const due = dueProof(session);
      if (due === null) return { entries: [], value: null };
      const proof = { type: due, session: session.session, device };
      return {
        entries: [{ body: proof, actor: "station", commandId: `${due}:${session.session}:${desk.state.seq}` }],
        value: due,
      };
    });
  }

  #count(what: string): void {
    this.#counters.set(what, (this.#counters.get(what) ?? 0) + 1);
  }
}

/**
 * A device that has an address sends from it, and a relay's address is one that a machine can have. Without this, anyone
 * could have our answers sent to whomever he likes, or to this machine itself.
 */
function isPlausible({ giaddr, ciaddr }: DhcpPacket, from: Ipv4): boolean {
  if (giaddr !== ANY_ADDRESS) return isUnicast(giaddr) && (ciaddr === ANY_ADDRESS || isUnicast(ciaddr));
  return ciaddr === ANY_ADDRESS || (ciaddr === from && isUnicast(ciaddr));
}
