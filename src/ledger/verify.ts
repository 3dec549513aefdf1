import type { RawEntry } from "./entry.ts";
import { hashFits, NO_ENTRY } from "./hash.ts";
import type { Ledger } from "./ledger.ts";
import { readThrough } from "./read-through.ts";

/** The last entry that held, as much of it as the next one is checked against. */
export interface Link {
  readonly ledgerId: string;
  readonly epoch: number;
  readonly seq: number;
  readonly hash: string;
  readonly at: number;
}

/** What broke: the reason word, the sequence number it broke at, and the sentence for a person. */
export interface Break {
  readonly holds: false;
  readonly seq: number;
  readonly fault: "ledger" | "sequence" | "epoch" | "chain" | "time" | "hash" | "unreadable";
  readonly what: string;
}

/** Every entry follows from the one before. `head` is null for an empty ledger. */
interface Whole {
  readonly holds: true;
  readonly entries: number;
  readonly head: Link | null;
}

/** Checks one entry against the one before it (null: it is the first). */
export function follow(before: Link | null, entry: RawEntry): Link | Break {
  const expected = (before?.seq ?? 0) + 1;
  const broken = (fault: Break["fault"], what: string): Break => ({ holds: false, seq: expected, fault, what });
  if (before !== null && entry.ledgerId !== before.ledgerId)
    return broken("ledger", `entry ${expected} belongs to ledger ${entry.ledgerId}, not to ${before.ledgerId}`);
  if (entry.seq !== expected)
    return broken("sequence", `entry ${expected} is missing: entry ${entry.seq} stands in its place`);
  if (entry.epoch !== epochAfter(before, entry)) return broken("epoch", `entry ${expected} has epoch ${entry.epoch}`);
  if (entry.prev !== (before?.hash ?? NO_ENTRY))
    return broken("chain", `entry ${expected} does not follow from entry ${expected - 1}`);
  if (before !== null && entry.at < before.at) return broken("time", `ledger time goes back at entry ${expected}`);
  if (!hashFits(entry)) return broken("hash", `entry ${expected} was changed: its hash does not fit its fields`);
  return { ledgerId: entry.ledgerId, epoch: entry.epoch, seq: entry.seq, hash: entry.hash, at: entry.at };
}

/** The epoch counts adoptions: another station taking the ledger over is an event with a reason, never silent. */
function epochAfter(before: Link | null, entry: RawEntry): number {
  if (before === null) return 1;
  return before.epoch + (entry.body.type === "ledger.adopted" ? 1 : 0);
}

/** Checks entries that follow `before` (null: they begin the ledger): sequence, epoch, chain, time, hash. */
export function verifyEntries(entries: Iterable<RawEntry>, before: Link | null = null): Whole | Break {
  let head = before;
  let count = 0;
  for (const entry of entries) {
    const next = follow(head, entry);
    if ("holds" in next) return next;
    head = next;
    count += 1;
  }
  return { holds: true, entries: count, head };
}

/** Reads and checks a whole ledger up to the first break. */
export async function verifyLedger(ledger: Ledger): Promise<Whole | Break> {
  let verdict: Whole | Break = { holds: true, entries: 0, head: null };
  let count = 0;
  for await (const page of readThrough(ledger)) {
    if (!verdict.holds) break;
    if ("why" in page) {
      const { from: seq, why } = page;
      return { holds: false, seq, fault: "unreadable", what: `entry ${seq} cannot be read: ${why}` };
    }
    verdict = verifyEntries(page, verdict.head);
    count += page.length;
  }
  return verdict.holds ? { ...verdict, entries: count } : verdict;
}
