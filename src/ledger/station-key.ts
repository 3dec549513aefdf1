import type { Entry, NewEntry } from "./entry.ts";

/** How a ledger says that a station signs with a key from now on: the kinds of entry. */
export const KEY_MADE = "station.key-made";
export const KEY_REPLACED = "station.key-replaced";

/** What all command IDs of such entries begin with: the file's index finds them among a million. */
export const KEY_COMMANDS = "station-key:";

/** A station's key as the ledger tells of it: from which entry on, and up to which (null: it still is). */
export interface KnownKey {
  readonly since: number;
  readonly until: number | null;
}

/** Public keys, 64 hex digits each. */
export type KnownKeys = ReadonlyMap<string, KnownKey>;

export const NO_KEYS: KnownKeys = new Map();

/** The keys after one more entry. */
export function keysAfter(keys: KnownKeys, { seq, body }: Pick<Entry, "seq" | "body">): KnownKeys {
  if (body.type !== KEY_MADE && body.type !== KEY_REPLACED) return keys;
  const { publicKey, before } = body;
  if (typeof publicKey !== "string") return keys;
  const after = new Map(keys);
  after.set(publicKey, { since: keys.get(publicKey)?.since ?? seq, until: null });
  const old = typeof before === "string" && body.type === KEY_REPLACED ? after.get(before) : undefined;
  if (old !== undefined) after.set(before as string, { ...old, until: seq });
  return after;
}

/**
 * The entry that tells of `publicKey`, if the ledger does not know it yet. `told` are the entries that told of keys so
 * far. A key of the same station that is no longer there was lost or replaced: both are said, never silent.
 */
export function keyEntry(told: readonly Entry[], publicKey: string, station: string): NewEntry | null {
  const here = told.filter((entry) => entry.station === station);
  const newest = here.at(-1)?.body.publicKey;
  if (newest === publicKey) return null;
  const body =
    typeof newest === "string" ? { type: KEY_REPLACED, publicKey, before: newest } : { type: KEY_MADE, publicKey };
  return { body, actor: "station", commandId: `${KEY_COMMANDS}${publicKey}:${told.length}` };
}
