import type { ImageName } from "../boot/image-id.ts";
import type { UefiLoader } from "../boot/loader.ts";
import { encodePacket } from "../dhcp/packet.ts";
import type { MacAddress } from "../wire/mac.ts";
import { type BootMemory, decideBoot, newBootMemory } from "./boot-decision.ts";
import { damageOf, readQuestion } from "./boot-question.ts";
import type { Desk } from "./desk.ts";
import type { DhcpDatagram, DhcpReply } from "./dhcp-datagram.ts";
import type { Leases } from "./leases.ts";
import type { LoadTurns } from "./load-turns.ts";
import type { Notice } from "./notice.ts";
import type { ServedInterface } from "./served-interface.ts";
import { proofDue } from "./sighted.ts";

interface BootServerOptions {
  readonly desk: Desk;
  readonly served: ServedInterface;
  /** Of all the station's interfaces: its own questions come back to it on each of them. */
  readonly ownMacs?: ReadonlySet<MacAddress>;
  /** Where the station leases addresses too; without it, it is a proxy beside the site's DHCP server. */
  readonly leases?: Leases;
  readonly httpPort: number;
  /** For which devices there is a recovery image. */
  readonly images: ReadonlySet<ImageName>;
  readonly uefiLoader: UefiLoader;
  /** Who may load; without it, everybody. */
  readonly loads?: LoadTurns;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
  /** Called for each cause; what is told again is decided elsewhere. */
  readonly onNotice: (notice: Notice) => void;
}

/** Answers the DHCP datagrams of one LAN: reads what is asked, decides, writes the decision down, then replies. */
export class BootServer {
  readonly #options: BootServerOptions;
  readonly #ownMacs: ReadonlySet<MacAddress>;
  readonly #memory: BootMemory;
  readonly #counters = new Map<string, number>();

  constructor(options: BootServerOptions) {
    this.#options = options;
    this.#ownMacs = new Set([...(options.ownMacs ?? []), options.served.mac]);
    this.#memory = newBootMemory(options.leases ?? null, options.loads?.arrivals ?? null);
  }

  counters(): Record<string, number> {
    return { ...Object.fromEntries(this.#counters), ...this.#options.leases?.counts(this.#options.now()) };
  }

  async answer(datagram: DhcpDatagram): Promise<DhcpReply | null> {
    const { desk, now, onNotice } = this.#options;
    const memory = this.#memory;
    const question = readQuestion(datagram, { ownMacs: this.#ownMacs, leases: memory.leases !== null });
    if ("count" in question) {
      if (question.count !== null) this.#count(question.count);
      if (question.told) onNotice(question.told);
      return null;
    }
    const damage = damageOf(question.packet, question.device, question.client);
    if (damage !== null) onNotice(damage);
    await desk.catchUp();
    const decision = decideBoot({ question, view: desk.state, memory, lan: this.#options, now: now() });
    for (const each of decision.notices) onNotice(each);
    for (const each of decision.counts) this.#count(each);
    for (const entry of decision.entries) {
      await desk.record(entry);
      if (entry.body.type === "device.sighted" && entry.body.session !== undefined)
        await this.#prove(entry.body.session);
    }
    if (decision.reply === null) return null;
    return { bytes: encodePacket(decision.reply.packet), to: decision.reply.to };
  }

  /** A reply that the network did not take, mostly because its receiver's address was made up. */
  unsent(): void {
    this.#count("unsent");
  }

  async #prove(session: string): Promise<void> {
    await this.#options.desk.decide(({ sessions, seq }) => {
      const due = proofDue(sessions, session, seq);
      return { entries: due === null ? [] : [due], value: null };
    });
  }

  #count(what: string): void {
    this.#counters.set(what, (this.#counters.get(what) ?? 0) + 1);
  }
}
