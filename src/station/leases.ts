import { answerLease, type LeaseAnswer, type LeaseSilence } from "../boot/lease.ts";
import { LeasePool } from "../boot/lease-pool.ts";
import type { LeaseRange } from "../boot/lease-range.ts";
import { admit, isListed } from "../campaign/campaign.ts";
import type { DhcpPacket } from "../dhcp/packet.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import type { MacAddress } from "../wire/mac.ts";
import { inSubnet } from "../wire/subnet.ts";
import type { Desk } from "./desk.ts";
import { type Notice, notice, noticeText } from "./notice.ts";
import type { ServedInterface } from "./served-interface.ts";

/** What the recovery image's agent calls itself in option 60. */
const AGENT_CLASS = "breakglass";

/**
 * `checking`: the LAN is being asked whether another server leases there. `stopped`: one does, and until the station is
 * started again nobody gets a new lease; who has one keeps it.
 */
export type Leasing = "checking" | "open" | "stopped";

/** The station as DHCP server of one LAN: who may have an address there, and since when there is somebody else. */
export class Leases {
  readonly served: ServedInterface;
  readonly #desk: Desk;
  readonly #now: () => number;
  readonly #onNotice: (notice: Notice) => void;
  readonly #pool: LeasePool;
  #leasing: Leasing = "checking";

  /** Addresses that devices booted from before, as the ledger has them, are theirs again. */
  constructor(options: {
    readonly desk: Desk;
    readonly served: ServedInterface;
    readonly range: LeaseRange;
    readonly now: () => number;
    readonly onNotice: (notice: Notice) => void;
  }) {
    this.served = options.served;
    this.#desk = options.desk;
    this.#now = options.now;
    this.#onNotice = options.onNotice;
    this.#pool = new LeasePool(options.range);
    const { boots, campaign } = this.#desk.state;
    const exchanges = [...boots.latest.values()].sort((one, two) => one.at - two.at);
    for (const { device, address, at } of exchanges)
      this.#pool.remember({ device, known: isListed(campaign, device) }, address, at);
  }

  get leasing(): Leasing {
    return this.#leasing;
  }

  counts(): Record<string, number> {
    const { offered, leased, declined, free } = this.#pool.counts(this.#now());
    return { "leases-offered": offered, leases: leased, "leases-declined": declined, "leases-free": free };
  }

  /**
   * True for a device of the campaign that is past its firmware: it is in the inventory, it has booted from here, or it
   * is the recovery image's agent on a device whose system has another MAC address than its firmware (docks do that).
   */
  mayHaveOne(device: MacAddress, { options }: DhcpPacket): boolean {
    const { boots, campaign } = this.#desk.state;
    if (boots.latest.has(device) || isListed(campaign, device)) return true;
    return options.vendorClassIdentifier === AGENT_CLASS && admit(campaign, { macs: [device] }).admitted;
  }

  /** What a device that may have an address is told. */
  answer(device: MacAddress, packet: DhcpPacket): LeaseAnswer | LeaseSilence {
    const { campaign } = this.#desk.state;
    const terms = {
      holder: { device, known: isListed(campaign, device) },
      station: this.served.address,
      reserved: campaign.is === "none" ? 0 : campaign.campaign.devices.length,
      leasing: this.#leasing === "open",
    };
    const answer = answerLease(this.#pool, packet, terms, this.#now());
    const { requestedIpAddress: address } = packet.options;
    if (answer === "declined" && address !== undefined) this.#onNotice(notice("address-in-use", "leases", { address }));
    if (answer === "range-full") this.#onNotice(notice("range-full", "leases"));
    const { serverIdentifier } = packet.options;
    if (answer === "chose-another-server" && inSubnet(serverIdentifier!, this.served.address, this.served.netmask))
      this.stop(serverIdentifier!, `${device} took its offer`);
    return answer;
  }

  /** The interface is back, or was just taken into service: it may be another LAN by now. */
  check(): void {
    if (this.#leasing === "open") this.#leasing = "checking";
  }

  /** Nobody else has answered. */
  open(): void {
    if (this.#leasing === "checking") this.#leasing = "open";
  }

  /** Another DHCP server leases addresses on this LAN: two of them give one address to two devices. */
  stop(server: Ipv4, how: string): void {
    if (this.#leasing === "stopped") return;
    this.#leasing = "stopped";
    const { name } = this.served;
    const noticed = notice("other-dhcp-server", "leases", { name, server, how });
    const body = { type: "station.noticed", what: noticed.reason, server, text: noticeText(noticed) };
    this.#desk
      .record({ body, actor: "station", commandId: `noticed-dhcp:${server}:${this.#now()}` })
      .catch((error) => this.#onNotice(notice("fault", "ledger", { message: String(error) })));
  }
}
