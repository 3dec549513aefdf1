import { type BodyOf, decodeBody, type EntryBody, type EntryType, type RawBody } from "./events/event.ts";

/** One link of the chain. `hash` covers every other field, so neither a fork nor a regress goes unnoticed. */
interface Link<Body> {
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
  readonly body: Body;
}

/** An entry of a kind that this version knows (docs/formats/events.md). */
export type Entry<Body extends EntryBody = EntryBody> = Link<Body>;

/** An entry as it stands in a ledger: enough to verify, export and show it. Every Entry is one. */
export type RawEntry = Link<RawBody>;

/** What a caller gives; the ledger adds the rest, and without a `generation` it goes on with the last entry's. */
export interface NewEntry<Body extends EntryBody = EntryBody> {
  readonly body: Body;
  readonly actor: string;
  readonly commandId: string;
  readonly generation?: number;
}

/** The entry itself, if it is of a kind that is known here and well formed; else MalformedError. */
export function decodeEntry(entry: RawEntry): Entry {
  decodeBody(entry.body);
  return entry as Entry;
}

/** A test for entries of these kinds, for `filter` and `find`. */
export function ofKind<Type extends EntryType>(...types: readonly Type[]) {
  const wanted: ReadonlySet<EntryType> = new Set(types);
  return (entry: Entry): entry is Entry<BodyOf<Type>> => wanted.has(entry.body.type);
}
