import { BOOT_TABLE } from "../boot/table.ts";
import { SAME_BOOT_MS } from "../fleet/sighting.ts";
import { ANY_ADDRESS, type Ipv4, isUnicast } from "../wire/ipv4.ts";
import type { MacAddress } from "../wire/mac.ts";
import { type Attempt, baseName, type Device, leases, loadsOf } from "./attempt.ts";
import { repeats } from "./dhcp-seen.ts";
import type { Dhcp6Seen, DhcpSeen, Seen } from "./seen.ts";

/** Bounds of memory: made-up MAC addresses cost an attacker nothing. */
export interface DeviceLimits {
  readonly devices: number;
  readonly attempts: number;
  readonly seen: number;
  /** Loads of devices whose DHCP was not seen count, too: in a capture that began late, not on the station itself. */
  readonly loadsAlone: boolean;
}

/** A loader that asks for an address once more, in its own name: it goes on with the attempt that loaded it. */
const CHAINLOADED = /ipxe|undionly|snponly/;

/** What every device did, in attempts: a fold over what was seen, changed in place. */
export class Devices {
  /** By name, the one heard of last at the end. */
  readonly all = new Map<string, Device>();
  /** Devices left out because there were too many. */
  lost = 0;
  readonly #limits: DeviceLimits;
  readonly #byAddress = new Map<Ipv4, MacAddress>();

  constructor(limits: DeviceLimits) {
    this.#limits = limits;
  }

  /** Takes in one more thing seen. Gives the attempt it belongs to, or null for what is no part of a network boot. */
  see(seen: Seen): { readonly device: Device; readonly attempt: Attempt } | null {
    if (seen.what === "dhcp6") return this.#seeDhcp6(seen);
    return seen.what === "dhcp" ? this.#seeDhcp(seen) : this.#seeOther(seen);
  }

  /** A message that was taken in before, once more in the capture. */
  seeCopy(seen: DhcpSeen): void {
    const attempt = this.all.get(seen.device)?.attempts.at(-1);
    const index = attempt?.seen.findLastIndex((each) => each.what === "dhcp" && repeats(each, seen)) ?? -1;
    const before = attempt?.seen[index];
    if (before?.what !== "dhcp" || before.from.vlan === seen.from.vlan) return;
    attempt!.seen[index] = { ...before, from: { ...before.from, vlan: "several" } };
  }

  #seeDhcp6(seen: Dhcp6Seen) {
    const known = this.all.get(seen.device);
    if (known === undefined && seen.message !== "SOLICIT") return null;
    const device = known ?? this.#newDevice(seen.device);
    const last = device.attempts.at(-1);
    const isNew = last === undefined || last.windows || seen.at - last.lastAt > SAME_BOOT_MS;
    const attempt = isNew ? this.#newAttempt(device, seen.at) : last;
    if (attempt.program === null) describe(attempt, { ...seen, program: "firmware" });
    const repeated = attempt.seen.findLastIndex((each) => each.what === "dhcp6" && each.message === seen.message);
    const before = attempt.seen[repeated];
    if (before?.what === "dhcp6")
      attempt.seen[repeated] = { ...before, ...lasting(before, seen), times: before.times + 1 };
    else this.#add(attempt, seen);
    attempt.lastAt = Math.max(attempt.lastAt, seen.at);
    return { device, attempt };
  }

  #seeDhcp(seen: DhcpSeen) {
    const boots = seen.program === "firmware" || seen.program === "ipxe";
    const known = this.all.get(seen.device);
    // A device that never booted from the network while we looked is none of our business.
    if (known === undefined && !boots) return null;
    const device = known ?? this.#newDevice(seen.device);
    const current = device.attempts.at(-1);
    const attempt =
      current === undefined || (boots && begins(seen, current)) ? this.#newAttempt(device, seen.at) : current;
    if (boots) describe(attempt, seen);
    const repeated = attempt.seen.findLastIndex((each) => each.what === "dhcp" && repeats(each, seen));
    const before = attempt.seen[repeated];
    if (before?.what === "dhcp") {
      const frames =
        before.frames === null || seen.frames === null ? null : ([before.frames[0], seen.frames[1]] as const);
      attempt.seen[repeated] = { ...before, times: before.times + 1, endedAt: seen.at, frames };
    } else this.#add(attempt, seen);
    attempt.lastAt = Math.max(attempt.lastAt, seen.at);
    if (seen.program === "windows") attempt.windows = true;
    const address = seen.message === "ACK" && seen.yiaddr !== ANY_ADDRESS ? seen.yiaddr : ownAddress(seen);
    if (address !== null) this.#owns(device, seen.device, address);
    return { device, attempt };
  }

  #seeOther(seen: Exclude<Seen, DhcpSeen | Dhcp6Seen>) {
    const { address, mac } = seen.from;
    // Behind a router the frame has the router's MAC: what the device was leased counts for more.
    const name = this.#byAddress.get(address) ?? (mac !== null && this.all.has(mac) ? mac : address);
    const tftp = seen.what === "load" && seen.over === "tftp";
    const known = this.all.get(name);
    // Only TFTP is boot traffic on its face; of the rest, what a booting device has with its boot servers.
    if (known === undefined && !(tftp && this.#limits.loadsAlone)) return null;
    const device = known ?? this.#newDevice(name);
    if (device.attempts.length === 0) this.#newAttempt(device, seen.at);
    const attempt = device.attempts.findLast(({ startedAt }) => startedAt <= seen.at) ?? device.attempts[0]!;
    const afterWindows = attempt.windows && attempt.seen.some((each) => isWindows(each) && each.at <= seen.at);
    if (!tftp && (afterWindows || !serversOf(attempt).has(seen.to.address))) return null;
    this.#add(attempt, seen);
    attempt.lastAt = Math.max(attempt.lastAt, seen.endedAt);
    if (tftp && isUnicast(address) && !device.addresses.includes(address) && device.addresses.length < 8)
      device.addresses.push(address);
    return { device, attempt };
  }

  #newDevice(name: MacAddress | Ipv4): Device {
    for (const oldest of this.all.keys()) {
      if (this.all.size < this.#limits.devices) break;
      this.all.delete(oldest);
      this.lost += 1;
    }
    const device: Device = { name, addresses: [], attempts: [], lost: 0 };
    this.all.set(name, device);
    return device;
  }

  #newAttempt(device: Device, startedAt: number): Attempt {
    if (device.attempts.length >= this.#limits.attempts) {
      device.attempts.shift();
      device.lost += 1;
    }
    const attempt: Attempt = {
      ...{
        number: device.lost + device.attempts.length + 1,
        startedAt,
        lastAt: startedAt,
        seen: [],
        lost: 0,
        lostAt: null,
      },
      ...{ over: null, firmware: null, program: null, architecture: null, windows: false },
    };
    device.attempts.push(attempt);
    return attempt;
  }

  #add(attempt: Attempt, seen: Seen): void {
    if (mergeWithLast(attempt, seen)) return;
    if (attempt.seen.length >= this.#limits.seen) {
      attempt.lost += 1;
      attempt.lostAt ??= seen.at;
      return;
    }
    const after = attempt.seen.findLastIndex(({ at }) => at <= seen.at);
    attempt.seen.splice(after + 1, 0, seen);
  }

  #owns(device: Device, mac: MacAddress, address: Ipv4): void {
    if (!device.addresses.includes(address) && device.addresses.length < 8) device.addresses.push(address);
    this.#byAddress.delete(address);
    this.#byAddress.set(address, mac);
    for (const oldest of this.#byAddress.keys()) {
      if (this.#byAddress.size <= 2 * this.#limits.devices) break;
      this.#byAddress.delete(oldest);
    }
  }
}

/** True if this question of firmware is a new boot and not one more step of the last. */
function begins(seen: DhcpSeen, current: Attempt): boolean {
  if (seen.message !== "DISCOVER") return false;
  if (current.windows || seen.at - current.lastAt > SAME_BOOT_MS) return true;
  if (current.program === null) return true;
  const over = seen.vendorClass?.startsWith("HTTPClient") === true ? "http" : "pxe";
  if (seen.program === "ipxe") {
    const loaded = loadsOf(current).some(({ name }) => CHAINLOADED.test(baseName(name)));
    const asked = current.seen.some((each) => each.what === "dhcp" && each.program === "ipxe" && each.xid !== seen.xid);
    const chained = (current.program === "firmware" || loaded) && !asked;
    return !chained && isOver(current, seen);
  }
  return over !== current.over || current.program === "ipxe" || isOver(current, seen);
}

/** It has got further than a DISCOVER, and asks in a transaction of its own. */
function isOver(current: Attempt, { xid }: DhcpSeen): boolean {
  const other = current.seen.every((each) => each.what !== "dhcp" || each.xid !== xid);
  return other && (leases(current, "ACK").length > 0 || loadsOf(current).length > 0);
}

/** Below this a file is a script, and a device that waits for its turn loads it again each few seconds. */
const SCRIPT_BYTES = 4096;

/** An agent's calls, and a script that is loaded again and again, are one thing that lasts. */
function mergeWithLast(attempt: Attempt, seen: Seen): boolean {
  const before = attempt.seen.at(-1);
  if (before === undefined || before.to.address !== seen.to.address || before.at > seen.at) return false;
  const span = lasting(before, seen);
  const last = attempt.seen.length - 1;
  if (before.what === "mtu" && seen.what === "mtu" && before.mtu === seen.mtu && before.router === seen.router) {
    attempt.seen[last] = { ...before, ...span, times: before.times + 1 };
    return true;
  }
  if (before.what === "tls" && seen.what === "tls" && before.ending === seen.ending && before.by === seen.by) {
    attempt.seen[last] = { ...before, ...span, times: before.times + 1 };
    return true;
  }
  if (before.what !== "load" || seen.what !== "load" || before.ending !== "finished" || seen.ending !== "finished")
    return false;
  if (before.name !== seen.name || before.method !== seen.method || seen.bytes > SCRIPT_BYTES) return false;
  attempt.seen[last] = { ...before, ...span, bytes: seen.bytes, asks: before.asks + seen.asks };
  return true;
}

/** From the beginning of the one to the end of the other. */
function lasting(before: Seen, seen: Seen): Pick<Seen, "endedAt" | "frames"> {
  const frames = before.frames === null || seen.frames === null ? null : ([before.frames[0], seen.frames[1]] as const);
  return { endedAt: seen.endedAt, frames };
}

function describe(
  attempt: Attempt,
  { program, architecture, vendorClass }: Pick<DhcpSeen, "program" | "architecture" | "vendorClass">,
): void {
  if (attempt.program !== null) return;
  attempt.program = program === "ipxe" ? "ipxe" : "firmware";
  attempt.over = vendorClass?.startsWith("HTTPClient") === true ? "http" : "pxe";
  attempt.architecture = architecture;
  attempt.firmware = (architecture === null ? undefined : BOOT_TABLE.get(architecture))?.firmware ?? null;
}

/** The address that a device asks from. */
function ownAddress({ message, ciaddr, from, giaddr, requestedAddress }: DhcpSeen): Ipv4 | null {
  if (message !== "REQUEST" && message !== "INFORM") return null;
  // Who has none yet names the one that it was offered.
  const own = ciaddr !== ANY_ADDRESS ? ciaddr : from.address;
  const address = own === ANY_ADDRESS ? (requestedAddress ?? own) : own;
  return giaddr === ANY_ADDRESS && isUnicast(address) ? address : null;
}

/** Where a device was told to boot from, and where it loaded from. */
function serversOf(attempt: Attempt): Set<string> {
  const servers = new Set<string>();
  for (const seen of attempt.seen) {
    if (seen.what === "load") servers.add(seen.to.address);
    if (seen.what !== "dhcp" || (seen.message !== "OFFER" && seen.message !== "ACK")) continue;
    for (const address of [seen.siaddr, seen.serverIdentifier, seen.tftpServerName, seen.from.address])
      if (address !== null) servers.add(address);
    const inUrl = /^https?:\/\/([0-9.]+)/.exec(seen.bootFile ?? "")?.[1];
    if (inUrl !== undefined) servers.add(inUrl);
  }
  return servers;
}

function isWindows(seen: Seen): boolean {
  return seen.what === "dhcp" && seen.program === "windows";
}
