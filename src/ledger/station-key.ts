import type { NewEntry, RawEntry } from "./entry.ts";

/** What all command IDs of such entries begin with: the file's index finds them among a million. */
export const KEY_COMMANDS = "station-key:";

/** A station's key as the ledger tells of it: from which entry on, and up to which (null: it still is). */
interface KnownKey {
  readonly since: number;
  readonly until: number | null;
}

/** Public keys, 64 hex digits each. */
export type KnownKeys = ReadonlyMap<string, KnownKey>;

export const NO_KEYS: KnownKeys = new Map();

/** The keys after one more entry. A ledger is verified as it stands, so this one takes any entry. */
export function keysAfter(keys: KnownKeys, { seq, body }: Pick<RawEntry, "seq" | "body">): KnownKeys {
  if (body.type !== "station.key-made" && body.type !== "station.key-replaced") return keys;
  const { publicKey, before } = body;
  if (typeof publicKey !== "string") return keys;
  const after = new Map(keys);
  after.set(publicKey, { since: keys.get(publicKey)?.since ?? seq, until: null });
  if (body.type === "station.key-made" || typeof before !== "string") return after;
  const old = after.get(before);
  if (old !== undefined) after.set(before, { ...old, until: seq });
  return after;
}

/**
 * The entry that tells of `publicKey`, if the ledger does not know it yet. `told` are the entries that told of keys so
 * far. A key of the same station that is no longer there was lost or replaced: both are said, never silent.
 */
export function keyEntry(told: readonly RawEntry[], publicKey: string, station: string): NewEntry | null {
  const before = told.findLast((entry) => entry.station === station)?.body.publicKey;
  if (before === publicKey) return null;
  const commandId = `${KEY_COMMANDS}${publicKey}:${told.length}`;
  const replaced = typeof before === "string";
  const body = replaced
    ? ({ type: "station.key-replaced", publicKey, before } as const)
    : ({ type: "station.key-made", publicKey } as const);
  return { body, actor: "station", commandId };
}
