import type { Entry } from "../ledger/entry.ts";
import type { BodyOf } from "../ledger/events/event.ts";
import type { Ledger } from "../ledger/ledger.ts";

export type SourceKind = "ldap" | "sftp" | "import";

/** A sync or import that went to its end. */
interface CompleteSync {
  /** Ledger time, milliseconds since 1970 UTC. */
  readonly at: number;
  /**
   * What the source had up to then is in the vault: the domain controller's clock when it was asked, a fetched file's own
   * date. A nightly export that has not been written for a month is a month old, however often it is fetched.
   */
  readonly asOf: number;
  readonly rejected: number;
}

/** One source of the vault's recovery passwords, as the ledger tells it. */
export interface SourceFreshness {
  readonly source: string;
  readonly kind: SourceKind;
  /** The newest complete one; null if there was none. */
  readonly complete: CompleteSync | null;
  /** The newest complete one that read everything, not only what had changed. */
  readonly full: CompleteSync | null;
  readonly last: { readonly at: number; readonly complete: boolean; readonly failed: string | null };
  /** What the last import left out; null if nothing, and for the other kinds. */
  readonly left: { readonly rejected: number; readonly filesNotRead: number; readonly stopped: boolean } | null;
  /** The subtree of a directory that `complete` is about; null for the other kinds. */
  readonly base: string | null;
}

/** The sources of a vault, by name. */
export type Freshness = ReadonlyMap<string, SourceFreshness>;

/** Folds the ledger's entries about one vault: `vault.imported`, `vault.synced`. */
export function foldFreshness(freshness: Freshness, { body, at }: Entry, vaultId: string): Freshness {
  if (!("vaultId" in body) || body.vaultId !== vaultId) return freshness;
  // What came after the backup was taken is gone again, so nothing counts as read until it was read once more.
  if (body.type === "vault.restored") return new Map();
  const now =
    body.type === "vault.synced" ? synced(body, at) : body.type === "vault.imported" ? imported(body, at) : null;
  if (now === null) return freshness;
  const before = freshness.get(now.source);
  // Another subtree under the same name: what was read of the old one says nothing of the new one.
  const same = before !== undefined && (before.base === now.base || now.complete === null);
  return new Map(freshness).set(now.source, {
    ...now,
    base: now.complete === null && same ? before.base : now.base,
    complete: now.complete ?? (same ? before.complete : null),
    full: now.full ?? (same ? before.full : null),
  });
}

/** Where every source of this vault stands, from the whole ledger. */
export async function readFreshness(ledger: Ledger, vaultId: string): Promise<Freshness> {
  let freshness: Freshness = new Map();
  for (let seq = 0; ; ) {
    const entries = await ledger.read(seq, 2_000);
    if (entries.length === 0) return freshness;
    for (const entry of entries) freshness = foldFreshness(freshness, entry, vaultId);
    seq = entries.at(-1)!.seq;
  }
}

function synced(body: BodyOf<"vault.synced">, at: number): SourceFreshness {
  const { source, kind, complete: whole, until, rejected, since, failed = null, base = null } = body;
  const complete = whole ? { at, asOf: until ?? at, rejected } : null;
  return {
    source,
    kind,
    complete,
    left: null,
    full: since === null ? complete : null,
    last: { at, complete: whole, failed },
    base,
  };
}

function imported(body: BodyOf<"vault.imported">, at: number): SourceFreshness {
  const whole = body.stopped !== true;
  const complete = whole ? { at, asOf: at, rejected: body.rejected } : null;
  const last = { at, complete: whole, failed: whole ? null : "stopped" };
  const { rejected, filesNotRead = 0, stopped = false } = body;
  const left = rejected + filesNotRead > 0 || stopped ? { rejected, filesNotRead, stopped } : null;
  return { source: body.source, kind: "import", complete, full: complete, last, left, base: null };
}

const HOUR = 3_600_000;
/** Domain controllers hear of each other's changes late (three hours between sites by default, and a night's outage). */
export const OVERLAP = 24 * HOUR;
/** Moved and renamed computers, and rights that were granted later, change no `whenChanged`: only a full read sees them. */
export const FULL_EVERY = 7 * 24 * HOUR;

/** From when on a directory's changes have to be read, by its own clock; null: everything. */
export function changesSince(freshness: Freshness, source: string, base: string, now: number): number | null {
  const known = freshness.get(source);
  if (known === undefined || known.base !== base || known.complete === null || known.full === null) return null;
  return now - known.full.asOf >= FULL_EVERY ? null : known.complete.asOf - OVERLAP;
}

/** How old a source is at `now`, in milliseconds, never below 0; null if it never was complete. */
export function ageOf({ complete }: SourceFreshness, now: number): number | null {
  return complete === null ? null : Math.max(0, now - complete.asOf);
}

/**
 * The sources that are older than `maxAge`, or never were complete, by name. Judged are those that were `named`; else the
 * live ones that were complete once (a first try under a wrong name is no source); else the newest file that was imported
 * by hand: one that was imported once is not late because nobody imports it again. A vault that nothing fills is late.
 */
export function lateSources(
  freshness: Freshness,
  now: number,
  { maxAge, named }: { readonly maxAge: number; readonly named: readonly string[] },
): readonly string[] {
  const late = (source: string) => {
    const known = freshness.get(source);
    const age = known === undefined ? null : ageOf(known, now);
    return age === null || age > maxAge;
  };
  if (named.length > 0) return named.filter(late);
  const complete = [...freshness.values()].filter((each) => each.complete !== null);
  const live = complete.filter(({ kind }) => kind !== "import");
  const newest = complete.toSorted((a, b) => b.complete!.asOf - a.complete!.asOf).slice(0, 1);
  const judged = (live.length > 0 ? live : newest).map(({ source }) => source);
  return judged.length > 0 ? judged.filter(late) : ["(nothing fills this vault)"];
}
