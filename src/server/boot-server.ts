import { type BootClient, identify } from "../boot/client.ts";
import { ackDestination, answerFor, offerDestination, proxyAck, proxyOffer } from "../boot/offer.ts";
import { admit } from "../campaign/campaign.ts";
import { type DhcpPacket, decodePacket, encodePacket } from "../dhcp/packet.ts";
import type { Sighting } from "../fleet/sighting.ts";
import { dueProof, isSettled } from "../rescue/session.ts";
import type { MacAddress } from "../wire/mac.ts";
import { MalformedError } from "../wire/malformed.ts";
import type { Desk } from "./desk.ts";
import type { DhcpDatagram, DhcpReply } from "./dhcp.ts";
import type { ServedInterface } from "./interface.ts";

export interface BootServerOptions {
  readonly desk: Desk;
  readonly served: ServedInterface;
  readonly onNotice: (text: string) => void;
}

/** Devices told about once each on the live view; more would let a flood of made-up MACs fill the memory. */
const NOTICED_LIMIT = 4096;

/**
 * Answers DHCP datagrams: silence to everyone who is not a boot client that the campaign admits, and a record of the
 * devices that come back.
 */
export class BootServer {
  readonly #options: BootServerOptions;
  readonly #counters = new Map<string, number>();
  readonly #noticed = new Set<string>();

  constructor(options: BootServerOptions) {
    this.#options = options;
  }

  counters(): Record<string, number> {
    return Object.fromEntries(this.#counters);
  }

  async answer({ bytes, port, from }: DhcpDatagram): Promise<DhcpReply | null> {
    const packet = this.#decode(bytes);
    if (packet === null) return null;
    const client = identify(packet);
    if (!client.ours) {
      this.#count(client.reason);
      if (client.reason === "windows" && client.device !== null) await this.#see(client.device, "windows", packet);
      return null;
    }
    await this.#options.desk.catchUp();
    if (!(await this.#mayBoot(client, packet))) return null;
    const answer = answerFor(client, port);
    if (answer === null) return null;
    const station = this.#options.served;
    this.#count(answer);
    if (answer === "offer")
      return { bytes: encodePacket(proxyOffer(client, packet, station)), to: offerDestination(packet) };
    await this.#recordExchange(client, packet);
    return { bytes: encodePacket(proxyAck(client, packet, station)), to: ackDestination(packet, from) };
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

  async #mayBoot({ device, uuid }: BootClient, packet: DhcpPacket): Promise<boolean> {
    const { state } = this.#options.desk;
    const admission = admit(state.campaign, { macs: [device], uuid });
    if (!admission.admitted) return this.#silence(device, admission.reason);
    await this.#see(device, "network-boot", packet);
    const session = state.sessions.byDevice.get(device);
    if (session !== undefined && isSettled(session))
      return this.#silence(device, "rescued already, goes on to its disk");
    return true;
  }

  #silence(device: MacAddress, reason: string): false {
    this.#count("silence");
    const key = `${device} ${reason}`;
    if (!this.#noticed.has(key) && this.#noticed.size < NOTICED_LIMIT) {
      this.#noticed.add(key);
      this.#options.onNotice(`${device} asks to boot from the network and gets no answer: ${reason}`);
    }
    return false;
  }

  async #recordExchange({ device, uuid, firmware }: BootClient, packet: DhcpPacket): Promise<void> {
    const body = { type: "boot.offered", device, address: packet.ciaddr, uuid, firmware };
    const commandId = `boot:${device}:${packet.ciaddr}:${packet.xid}:${packet.secs}`;
    await this.#options.desk.record({ body, actor: "station", commandId });
  }

  /** Only devices with a report are of interest; one entry for each DHCP transaction, however often it is repeated. */
  async #see(device: MacAddress, as: Sighting, packet: DhcpPacket): Promise<void> {
    const { desk } = this.#options;
    await desk.catchUp();
    const session = desk.state.sessions.byDevice.get(device);
    if (session === undefined || session.outcome === null) return;
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
