import type { JsonObject } from "../wire/json.ts";

/** What happened: `type` is `noun.verb-in-the-past` (`key.released`), the rest is the event's own fields. */
export type EntryBody = JsonObject & { readonly type: string };

/** One link of the chain. `hash` covers every other field, so neither a fork nor a regress goes unnoticed. */
export interface Entry {
  readonly ledgerId: string;
  readonly epoch: number;
  /** 1 for the first entry. */
  readonly seq: number;
  /** Hash of the entry before, 64 hex digits; 64 zeros for the first. */
  readonly prev: string;
  readonly hash: string;
  /** Ledger time, milliseconds since 1970 UTC, never less than the entry before. */
  readonly at: number;
  /** The station's own clock, milliseconds since 1970 UTC. */
  readonly stationAt: number;
  readonly station: string;
  /** Who did it: `operator:NAME`, `station`, `device:MAC`. */
  readonly actor: string;
  /** Unique: the same command appended twice is one entry. */
  readonly commandId: string;
  /** Which armed campaign was current: 0 before the first, then counting up. */
  readonly generation: number;
  readonly body: EntryBody;
}

/** What a caller gives; the ledger adds the rest, and without a `generation` it goes on with the last entry's. */
export interface NewEntry {
  readonly body: EntryBody;
  readonly actor: string;
  readonly commandId: string;
  readonly generation?: number;
}
