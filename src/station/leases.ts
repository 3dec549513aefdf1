import type { BootState } from "../boot/exchange.ts";
import { answerLease, type LeaseAnswer, type LeaseSilence } from "../boot/lease.ts";
import { LeasePool } from "../boot/lease-pool.ts";
import type { LeaseRange } from "../boot/lease-range.ts";
import { admit, type CampaignState, isListed } from "../campaign/campaign.ts";
import type { DhcpPacket } from "../dhcp/packet.ts";
import type { NewEntry } from "../ledger/entry.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import type { MacAddress } from "../wire/mac.ts";
import { inSubnet } from "../wire/subnet.ts";
import { type Notice, notice, noticeText } from "./notice.ts";
import type { ServedInterface } from "./served-interface.ts";

/** What the recovery image's agent calls itself in option 60. */
const AGENT_CLASS = "breakglass";

/** What the ledger says of who may have an address. */
interface LeaseView {
  readonly boots: BootState;
  readonly campaign: CampaignState;
}

/**
 * `checking`: the LAN is being asked whether another server leases there. `stopped`: one does, and until the station is
 * started again nobody gets a new lease; who has one keeps it.
 */
type Leasing = "checking" | "open" | "stopped";

/** What a device is told, and what an operator is to know and the ledger to keep of it. */
interface LeaseDecision {
  readonly answer: LeaseAnswer | LeaseSilence;
  readonly notices: readonly Notice[];
  readonly entries: readonly NewEntry[];
}

/**
 * The station as DHCP server of one LAN: who may have an address there, and since when there is somebody else. Changed in
 * place; what the ledger knows is given at each question.
 */
export class Leases {
  readonly served: ServedInterface;
  readonly #pool: LeasePool;
  #leasing: Leasing = "checking";

  /** Addresses that devices booted from before, as the ledger has them, are theirs again. */
  constructor(served: ServedInterface, range: LeaseRange, { boots, campaign }: LeaseView) {
    this.served = served;
    this.#pool = new LeasePool(range);
    const exchanges = [...boots.latest.values()].sort((one, two) => one.at - two.at);
    for (const { device, address, at } of exchanges)
      this.#pool.remember({ device, known: isListed(campaign, device) }, address, at);
  }

  get leasing(): Leasing {
    return this.#leasing;
  }

  counts(now: number): Record<string, number> {
    const { offered, leased, declined, free } = this.#pool.counts(now);
    return { "leases-offered": offered, leases: leased, "leases-declined": declined, "leases-free": free };
  }

  /**
   * True for a device of the campaign that is past its firmware: it is in the inventory, it has booted from here, or it
   * is the recovery image's agent on a device whose system has another MAC address than its firmware (docks do that).
   */
  mayHaveOne({ boots, campaign }: LeaseView, device: MacAddress, { options }: DhcpPacket): boolean {
    if (boots.latest.has(device) || isListed(campaign, device)) return true;
    return options.vendorClassIdentifier === AGENT_CLASS && admit(campaign, { macs: [device] }).admitted;
  }

  /** For a device that may have an address. */
  answer(campaign: CampaignState, device: MacAddress, packet: DhcpPacket, now: number): LeaseDecision {
    const terms = {
      holder: { device, known: isListed(campaign, device) },
      station: this.served.address,
      reserved: campaign.is === "none" ? 0 : campaign.campaign.devices.length,
      leasing: this.#leasing === "open",
    };
    const answer = answerLease(this.#pool, packet, terms, now);
    const { requestedIpAddress: address, serverIdentifier } = packet.options;
    const notices: Notice[] = [];
    if (answer === "declined" && address !== undefined) notices.push(notice("address-in-use", "leases", { address }));
    if (answer === "range-full") notices.push(notice("range-full", "leases"));
    const other =
      answer === "chose-another-server" && inSubnet(serverIdentifier!, this.served.address, this.served.netmask);
    const entries = other ? this.stop(serverIdentifier!, `${device} took its offer`, now) : [];
    return { answer, notices, entries };
  }

  /** The interface is back, or was just taken into service: it may be another LAN by now. */
  check(): void {
    if (this.#leasing === "open") this.#leasing = "checking";
  }

  /** Nobody else has answered. */
  open(): void {
    if (this.#leasing === "checking") this.#leasing = "open";
  }

  /** Another DHCP server leases addresses on this LAN: two of them give one address to two devices. Its entry, the first time. */
  stop(server: Ipv4, how: string, now: number): readonly NewEntry[] {
    if (this.#leasing === "stopped") return [];
    this.#leasing = "stopped";
    const { name } = this.served;
    const noticed = notice("other-dhcp-server", "leases", { name, server, how });
    const body = { type: "station.noticed", what: "other-dhcp-server", server, text: noticeText(noticed) } as const;
    return [{ body, actor: "station", commandId: `noticed-dhcp:${server}:${now}` }];
  }
}
