import { createHash } from "node:crypto";
import type { Entry } from "../ledger/entry.ts";
import type { Guid } from "../wire/guid.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import type { MacAddress } from "../wire/mac.ts";

/** One device's network boot, from the boot server's answer on port 4011 on: which address is which device. */
export interface BootExchange {
  readonly device: MacAddress;
  readonly address: Ipv4;
  readonly uuid: Guid | null;
  readonly firmware: string;
  /** Milliseconds since 1970, ledger time. */
  readonly at: number;
}

/** A minted boot token, known by its hash alone. Only the last one minted for a device is good, and only once. */
interface BootToken {
  readonly device: MacAddress;
  readonly address: Ipv4;
  readonly tokenHash: string;
  readonly at: number;
}

/** A fold over the ledger, changed in place: a thousand devices must not mean a thousand copies of the map. */
export interface BootState {
  readonly exchanges: Map<Ipv4, BootExchange>;
  /** By token hash. */
  readonly tokens: Map<string, BootToken>;
  /** Hash of the newest token of each device: the only one that is good. */
  readonly newest: Map<MacAddress, string>;
  readonly latest: Map<MacAddress, BootExchange>;
  /** When a device last asked from another address than shortly before. */
  readonly contested: Map<MacAddress, number>;
}

export function newBootState(): BootState {
  return { exchanges: new Map(), tokens: new Map(), newest: new Map(), latest: new Map(), contested: new Map() };
}

/** From answer on 4011 to hello: the slowest seen was a minute under emulation; a half hour leaves room for a slow LAN. */
export const BOOT_TOKEN_LIFE_MS = 30 * 60_000;

/** Takes in one more ledger entry. */
export function foldBoot(state: BootState, { body, at }: Entry): void {
  if (body.type === "boot.offered") {
    const { device, address, uuid = null, firmware } = body;
    const exchange = { device, address, uuid, firmware, at };
    if (otherAddress(state, exchange) !== null) state.contested.set(device, at);
    state.exchanges.set(address, exchange);
    state.latest.set(device, exchange);
  }
  if (body.type === "boot.token-minted") {
    const { device, address, tokenHash } = body;
    state.tokens.set(tokenHash, { device, address, tokenHash, at });
    state.newest.set(device, tokenHash);
  }
}

/** The other address that this device booted from shortly before, if there is one. Firmware keeps its lease. */
export function otherAddress(
  state: BootState,
  { device, address, at }: Pick<BootExchange, "device" | "address" | "at">,
): Ipv4 | null {
  const before = state.latest.get(device);
  const other = before !== undefined && before.address !== address && at - before.at < BOOT_TOKEN_LIFE_MS;
  return other ? before.address : null;
}

/**
 * True if two addresses booted as this device shortly before it said hello, or since: one of them may be somebody who
 * copied its MAC address, and which one only a person in front of the device can tell.
 */
export function isContested(state: BootState, device: MacAddress, helloAt: number): boolean {
  const at = state.contested.get(device);
  return at !== undefined && at > helloAt - BOOT_TOKEN_LIFE_MS;
}

/** The exchange a request from this address belongs to, if it is recent enough to belong to one. */
export function exchangeOf(state: BootState, address: Ipv4, now: number): BootExchange | null {
  const exchange = state.exchanges.get(address);
  return exchange !== undefined && now - exchange.at < BOOT_TOKEN_LIFE_MS ? exchange : null;
}

/** The device a boot token was minted for, or why the token is no good. Whether it was used is the sessions' matter. */
export function deviceOfToken(
  state: BootState,
  tokenHash: string,
  now: number,
): BootToken | "token-unknown" | "token-expired" {
  const token = state.tokens.get(tokenHash);
  if (token === undefined) return "token-unknown";
  const fresh = state.newest.get(token.device) === tokenHash && now - token.at < BOOT_TOKEN_LIFE_MS;
  return fresh ? token : "token-expired";
}

/** Tokens and session secrets are 32 random bytes, so a plain SHA-256 of them tells nothing. */
export function hashOfToken(token: string): string {
  return createHash("sha256").update(token, "utf8").digest("hex");
}
