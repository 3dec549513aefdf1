import type { Ipv4 } from "../wire/ipv4.ts";
import type { MacAddress } from "../wire/mac.ts";
import { ipv4FromNumber, ipv4ToNumber } from "../wire/subnet.ts";
import { type LeaseRange, rangeSize } from "./lease-range.ts";

/** Long enough that devices outlive a station that is restarted, short enough that a range comes free again. */
export const LEASE_MS = 60 * 60_000;

/** Firmware goes on with one offer for a minute: it asks at 0, 4, 12, 28 and 60 s (PXE 2.1 section 2.2.1). */
export const OFFER_MS = 60_000;

/** Addresses that a stranger says are taken are believed up to this share of the range. */
const DECLINED_SHARE = 1 / 4;

/** How far from its own place a device's address may be before the first free one does as well. */
const PROBES = 16;

type LeaseState = "offered" | "leased" | "declined" | "idle";

interface Lease {
  readonly address: number;
  device: MacAddress | null;
  known: boolean;
  state: LeaseState;
  until: number;
}

/** Who wants an address. `known`: the campaign's inventory has it, so made-up MAC addresses must not starve it. */
export interface Leaseholder {
  readonly device: MacAddress;
  readonly known: boolean;
}

/**
 * Which device has which address of the range; changed in place. A device is its MAC address: firmware, iPXE, the agent
 * and Windows each send another client identifier, and must be found at the same address. What was leased once stays
 * remembered until the address is needed, so the pool never holds more than the range.
 */
export class LeasePool {
  readonly #first: number;
  readonly #size: number;
  readonly #byAddress = new Map<number, Lease>();
  readonly #byDevice = new Map<MacAddress, Lease>();
  // Sets keep their order, and all of one state live equally long: the first of each is the first to end.
  readonly #in: Readonly<Record<LeaseState, Set<Lease>>> = {
    offered: new Set(),
    leased: new Set(),
    declined: new Set(),
    idle: new Set(),
  };
  #strangers = 0;
  #next = 0;

  constructor(range: LeaseRange) {
    this.#first = ipv4ToNumber(range.first);
    this.#size = rangeSize(range);
  }

  /** What the ledger knows from before: this device had this address at that time. */
  remember(holder: Leaseholder, address: Ipv4, at: number): void {
    const number = ipv4ToNumber(address);
    if (!this.#contains(number)) return;
    const before = this.#byAddress.get(number);
    if (before !== undefined) this.#forget(before);
    this.#move(this.#claim(holder, number), "leased", at + LEASE_MS);
  }

  /**
   * The address to offer, held for a minute; null if there is none left for this device. Its own from before, else the
   * one it asks for, else one that its MAC address leads to, so that it stays the same over a restart of the station.
   * `reserved` addresses are for known devices alone, at most half of the range.
   */
  offer(holder: Leaseholder, wanted: Ipv4 | null, reserved: number, now: number): Ipv4 | null {
    this.#expire(now);
    const own = this.#byDevice.get(holder.device);
    if (own?.state === "leased" || own?.state === "offered") {
      if (own.state === "offered") this.#move(own, "offered", now + OFFER_MS);
      return ipv4FromNumber(own.address);
    }
    if (!this.#hasRoom(holder, reserved)) return null;
    const address = own?.address ?? this.#choose(holder.device, wanted);
    if (address === null) return null;
    this.#move(this.#claim(holder, address), "offered", now + OFFER_MS);
    return ipv4FromNumber(address);
  }

  /** True, and leased, if the device may have this address: its own, or one that nobody has. */
  lease(holder: Leaseholder, address: Ipv4, reserved: number, now: number): boolean {
    this.#expire(now);
    const number = ipv4ToNumber(address);
    const own = this.#byDevice.get(holder.device);
    if (own !== undefined && own.address !== number) return false;
    if (own === undefined || own.state === "idle") {
      const there = this.#byAddress.get(number);
      const free = this.#contains(number) && (there === undefined || there.state === "idle");
      if (!free || !this.#hasRoom(holder, reserved)) return false;
    }
    this.#move(own ?? this.#claim(holder, number), "leased", now + LEASE_MS);
    return true;
  }

  /** True if the device has this address now. */
  holds(device: MacAddress, address: Ipv4, now: number): boolean {
    this.#expire(now);
    const own = this.#byDevice.get(device);
    return own?.state === "leased" && own.address === ipv4ToNumber(address);
  }

  /** The device took another server's offer. */
  withdraw(device: MacAddress): void {
    const own = this.#byDevice.get(device);
    if (own?.state === "offered") this.#move(own, "idle", 0);
  }

  /** The device gives its address back. It is remembered, and others get it last. */
  release(device: MacAddress, address: Ipv4): boolean {
    const own = this.#byDevice.get(device);
    if (own?.state !== "leased" || own.address !== ipv4ToNumber(address)) return false;
    this.#move(own, "idle", 0);
    return true;
  }

  /** The device found somebody else at the address it was given: nobody gets it for the length of a lease. */
  decline(device: MacAddress, address: Ipv4, now: number): boolean {
    this.#expire(now);
    const own = this.#byDevice.get(device);
    if (own === undefined || own.address !== ipv4ToNumber(address)) return false;
    if (own.state !== "offered" && own.state !== "leased") return false;
    this.#byDevice.delete(device);
    this.#move(own, "declined", now + LEASE_MS);
    own.device = null;
    const [oldest] = this.#in.declined;
    if (this.#in.declined.size > Math.max(1, Math.floor(this.#size * DECLINED_SHARE))) this.#move(oldest!, "idle", 0);
    return true;
  }

  counts(now: number): Readonly<Record<"offered" | "leased" | "declined" | "free", number>> {
    this.#expire(now);
    const { offered, leased, declined } = this.#in;
    const held = offered.size + leased.size + declined.size;
    return { offered: offered.size, leased: leased.size, declined: declined.size, free: this.#size - held };
  }

  #contains(number: number): boolean {
    return number >= this.#first && number < this.#first + this.#size;
  }

  #hasRoom({ known }: Leaseholder, reserved: number): boolean {
    return known || this.#strangers < this.#size - Math.min(reserved, Math.floor(this.#size / 2));
  }

  #choose(device: MacAddress, wanted: Ipv4 | null): number | null {
    const unused = (number: number) => this.#contains(number) && !this.#byAddress.has(number);
    if (wanted !== null && unused(ipv4ToNumber(wanted))) return ipv4ToNumber(wanted);
    const place = hash(device) % this.#size;
    for (let probe = 0; probe < PROBES; probe++) {
      const number = this.#first + ((place + probe) % this.#size);
      if (unused(number)) return number;
    }
    for (; this.#next < this.#size; this.#next++) if (unused(this.#first + this.#next)) return this.#first + this.#next;
    const [longestIdle] = this.#in.idle;
    return longestIdle?.address ?? null;
  }

  /** Makes the address this device's, whoever it was remembered for. */
  #claim({ device, known }: Leaseholder, address: number): Lease {
    const there = this.#byAddress.get(address);
    if (there?.device === device) {
      there.known = known;
      return there;
    }
    const before = this.#byDevice.get(device);
    if (before !== undefined) this.#forget(before);
    if (there !== undefined) this.#forget(there);
    const lease: Lease = { address, device, known, state: "idle", until: 0 };
    this.#byAddress.set(address, lease);
    this.#byDevice.set(device, lease);
    this.#in.idle.add(lease);
    return lease;
  }

  #forget(lease: Lease): void {
    this.#move(lease, "idle", 0);
    this.#in.idle.delete(lease);
    this.#byAddress.delete(lease.address);
    if (lease.device !== null) this.#byDevice.delete(lease.device);
  }

  #move(lease: Lease, state: LeaseState, until: number): void {
    const counts = (each: LeaseState) => !lease.known && (each === "offered" || each === "leased");
    this.#strangers += Number(counts(state)) - Number(counts(lease.state));
    this.#in[lease.state].delete(lease);
    this.#in[state].add(lease);
    lease.state = state;
    lease.until = until;
  }

  #expire(now: number): void {
    for (const state of ["offered", "leased", "declined"] as const)
      for (const lease of this.#in[state]) {
        if (lease.until > now) break;
        this.#move(lease, "idle", 0);
      }
  }
}

/** FNV-1a, 32 bits: spreads neighbouring MAC addresses over the range. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return value;
}
