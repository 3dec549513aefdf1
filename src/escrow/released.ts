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
  /** Distinct pairs of device and key protector: what the campaign's cap counts. */
  readonly pairs: number;
}

/** A fold over the ledger, changed in place: campaign -> what it has released. */
export type Released = Map<string, CampaignReleases>;

export function newReleased(): Released {
  return new Map();
}

const NOTHING: CampaignReleases = { byDevice: new Map(), bySession: new Map(), devicesOf: new Map(), pairs: 0 };

export function releasedIn(released: Released, campaign: string): CampaignReleases {
  return released.get(campaign) ?? NOTHING;
}

interface Growing extends CampaignReleases {
  readonly byDevice: Map<MacAddress, Set<Guid>>;
  readonly bySession: Map<string, Release[]>;
  readonly devicesOf: Map<Guid, Set<MacAddress>>;
  pairs: number;
}

/** Takes in one more ledger entry. Entries of other kinds leave it as it is. */
export function foldReleased(released: Released, { body }: Entry): void {
  if (body.type !== "key.released") return;
  const release = body as unknown as Release;
  const { session, device, campaign, protectorId } = release;
  const fresh = { byDevice: new Map(), bySession: new Map(), devicesOf: new Map(), pairs: 0 };
  const into = (released.get(campaign) ?? fresh) as Growing;
  released.set(campaign, into);
  const protectors = into.byDevice.get(device) ?? new Set();
  if (!protectors.has(protectorId)) into.pairs += 1;
  into.byDevice.set(device, protectors.add(protectorId));
  into.devicesOf.set(protectorId, (into.devicesOf.get(protectorId) ?? new Set()).add(device));
  into.bySession.set(session, [...(into.bySession.get(session) ?? []), release]);
}
