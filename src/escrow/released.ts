import type { Entry } from "../ledger/entry.ts";
import type { Guid } from "../wire/guid.ts";
import type { MacAddress } from "../wire/mac.ts";

/** One `key.released` of the ledger. */
export interface Release {
  readonly session: string;
  readonly device: MacAddress;
  readonly campaign: string;
  readonly protectorId: Guid;
  readonly depositId: string;
  /** 1 for the first time this session got this protector's password. */
  readonly attempt: number;
}

/** What one campaign has released. */
export interface CampaignReleases {
  readonly byDevice: ReadonlyMap<MacAddress, ReadonlySet<Guid>>;
  readonly bySession: ReadonlyMap<string, readonly Release[]>;
  readonly devicesOf: ReadonlyMap<Guid, ReadonlySet<MacAddress>>;
  /** Deposit IDs. */
  readonly depositsOf: ReadonlyMap<MacAddress, ReadonlySet<string>>;
  /** Distinct pairs of device and key protector: what the campaign's cap counts. */
  readonly pairs: number;
  /** When each of them was first released, by the ledger's time: milliseconds since 1970 UTC, ascending. */
  readonly pairTimes: readonly number[];
}

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/**
 * Until when `most` events in `windowMs` is reached, or null if one more fits now. `times` is ascending, so only the
 * most-th last of them matters, however long the list.
 */
export function fullUntil(times: readonly number[], most: number, windowMs: number, now: number): number | null {
  if (most <= 0) return Number.MAX_SAFE_INTEGER;
  const oldest = times[times.length - most];
  if (oldest === undefined || oldest <= now - windowMs) return null;
  return oldest + windowMs;
}

/** A fold over the ledger, changed in place: campaign -> what it has released. */
export type Released = Map<string, CampaignReleases>;

export function newReleased(): Released {
  return new Map();
}

function nothing(): Growing {
  return {
    byDevice: new Map(),
    bySession: new Map(),
    devicesOf: new Map(),
    depositsOf: new Map(),
    pairs: 0,
    pairTimes: [],
  };
}

export function releasedIn(released: Released, campaign: string): CampaignReleases {
  return released.get(campaign) ?? nothing();
}

interface Growing extends CampaignReleases {
  readonly byDevice: Map<MacAddress, Set<Guid>>;
  readonly bySession: Map<string, Release[]>;
  readonly devicesOf: Map<Guid, Set<MacAddress>>;
  readonly depositsOf: Map<MacAddress, Set<string>>;
  readonly pairTimes: number[];
  pairs: number;
}

/** Takes in one more ledger entry. Entries of other kinds leave it as it is. */
export function foldReleased(released: Released, { body, at }: Entry): void {
  if (body.type !== "key.released") return;
  const { session, device, campaign, protectorId } = body;
  const into = (released.get(campaign) ?? nothing()) as Growing;
  released.set(campaign, into);
  const protectors = into.byDevice.get(device) ?? new Set();
  if (!protectors.has(protectorId)) {
    into.pairs += 1;
    into.pairTimes.push(at);
  }
  into.byDevice.set(device, protectors.add(protectorId));
  into.depositsOf.set(device, (into.depositsOf.get(device) ?? new Set()).add(body.depositId));
  into.devicesOf.set(protectorId, (into.devicesOf.get(protectorId) ?? new Set()).add(device));
  into.bySession.set(session, [...(into.bySession.get(session) ?? []), body]);
}
