import type { RawEntry } from "./entry.ts";
import { hashFits, hashOf } from "./hash.ts";
import type { Unreadable } from "./read-through.ts";
import { type KnownKeys, keysAfter, NO_KEYS } from "./station-key.ts";
import { type Break, follow, type Link } from "./verify.ts";

/** What was done to a ledger at one place: the reason word, the first entry it concerns, the sentence for a person. */
interface Finding {
  readonly fault: "changed" | "removed" | "moved" | "added" | "replaced" | "foreign" | "epoch" | "time" | "unreadable";
  readonly seq: number;
  /** The last entry it concerns. */
  readonly to: number;
  readonly what: string;
}

/** An entry that a checkpoint speaks of, as it was found. */
interface Found {
  readonly hash: string;
  /** Its hash fits its fields. */
  readonly fits: boolean;
  /** The entries from this one on follow from one another up to it. */
  readonly from: number;
}

/** A whole ledger read to its end, broken places and all. */
export interface Survey {
  readonly ledgerId: string | null;
  readonly entries: number;
  /** The last entry; null for an empty ledger. */
  readonly head: Link | null;
  /** In the order of reading, at most `MOST_FINDINGS`. Empty: every entry follows from the one before. */
  readonly findings: readonly Finding[];
  readonly more: number;
  readonly found: ReadonlyMap<number, readonly Found[]>;
  readonly keys: KnownKeys;
}

export const MOST_FINDINGS = 20;
/** How far a number may have been changed for the entry to be recognised: 1, -1, 2, -2, ... 64, -64. */
const NEAR = Array.from({ length: 128 }, (_, index) => (index % 2 === 0 ? 1 : -1) * ((index >> 1) + 1));
/** Missing numbers that are remembered, in case they turn up later. */
const MOST_MISSING = 100_000;

/** Takes a ledger's entries in one after the other. A break does not end it: it goes on from what is there. */
export class Surveyor {
  readonly #wanted: ReadonlySet<number>;
  readonly #findings: Finding[] = [];
  readonly #found = new Map<number, Found[]>();
  #more = 0;
  #entries = 0;
  #ledgerId: string | null = null;
  #head: Link | null = null;
  /** What the next entry may name as its `prev` besides the head's hash, where the last entry was changed. */
  #otherwise: string | null = null;
  /** The last entry was changed or could not be read: that the next one does not follow from it is no news. */
  #loose = false;
  #from = 1;
  /** By how much numbers were moved when last one was. */
  #shift = 0;
  readonly #missing = new Map<number, { readonly finding: Finding; left: number }>();
  #keys: KnownKeys = NO_KEYS;

  /** `wanted`: the sequence numbers that checkpoints speak of. `ledgerId`: whose entries they have to be, if that is known. */
  constructor(wanted: Iterable<number>, ledgerId: string | null = null) {
    this.#wanted = new Set(wanted);
    this.#ledgerId = ledgerId;
  }

  take(entry: RawEntry): void {
    this.#entries += 1;
    this.#ledgerId ??= entry.ledgerId;
    if (entry.prev === this.#otherwise && this.#head !== null) this.#head = { ...this.#head, hash: this.#otherwise };
    const next = follow(this.#head, entry);
    if (!("holds" in next)) this.#goOn(next, entry);
    else this.#broken(next, entry);
  }

  /** Entries that cannot be read. */
  skip({ from, to, why }: Unreadable): void {
    const which = to === null ? `entry ${from}, and every one after it,` : span(from, to);
    this.#note("unreadable", from, to ?? Number.MAX_SAFE_INTEGER, `${which} cannot be read: ${why}`);
    if (to === null) return;
    this.#from = to + 1;
    const { ledgerId, epoch, at } = this.#head ?? { ledgerId: this.#ledgerId ?? "", epoch: 1, at: 0 };
    this.#head = { ledgerId, epoch, at, seq: to, hash: "" };
    this.#loose = true;
  }

  /** What stands in the next entry's place and is none. */
  skipOne(why: string): void {
    const seq = (this.#head?.seq ?? 0) + 1;
    this.skip({ from: seq, to: seq, why });
  }

  end(): Survey {
    return {
      ledgerId: this.#ledgerId,
      entries: this.#entries,
      head: this.#head,
      findings: this.#findings,
      more: this.#more,
      found: this.#found,
      keys: this.#keys,
    };
  }

  #goOn(link: Link, entry: RawEntry): void {
    this.#head = link;
    this.#otherwise = null;
    this.#loose = false;
    this.#keys = keysAfter(this.#keys, entry);
    this.#see(link.seq, { hash: link.hash, fits: true, from: this.#from });
  }

  #see(seq: number, found: Found): void {
    if (this.#wanted.has(seq)) this.#found.set(seq, [...(this.#found.get(seq) ?? []), found]);
  }

  #broken(step: Break, entry: RawEntry): void {
    const number = step.fault === "ledger" ? null : this.#trueNumber(entry);
    if (step.fault === "ledger") this.#note("foreign", step.seq, step.seq, step.what);
    else if (number === null) this.#changed(entry, step.seq);
    else this.#placed(step.seq, number === entry.seq ? entry : this.#renumbered(entry, number));
  }

  /** An entry whose hash fits, and which does not follow. */
  #placed(expected: number, whole: RawEntry): void {
    const number = whole.seq;
    if (number < expected) {
      this.#back(expected, whole);
      return;
    }
    const again = follow(this.#head, whole);
    if (!("holds" in again)) {
      this.#goOn(again, whole);
      return;
    }
    if (number > expected) this.#gone(expected, number - 1);
    else if (!this.#loose) {
      if (again.fault === "epoch" || again.fault === "time") this.#note(again.fault, number, number, again.what);
      // Its hash fits: it stands where it was written. So what stands before it is not what it was written after.
      else this.#note("replaced", number, number, replaced(number));
    }
    this.#restart(whole);
  }

  /** The number an entry was written with: its own, or one near it if that was changed; null if no number fits. */
  #trueNumber(entry: RawEntry): number | null {
    if (hashFits(entry)) return entry.seq;
    const offsets = this.#findings.length < MOST_FINDINGS ? [this.#shift, ...NEAR] : [this.#shift];
    const offset = offsets.find((by) => hashFits({ ...entry, seq: entry.seq + by }));
    return offset === undefined ? null : entry.seq + offset;
  }

  #renumbered(entry: RawEntry, seq: number): RawEntry {
    const shift = seq - entry.seq;
    if (shift !== this.#shift)
      this.#note("changed", seq, seq, `entry ${seq} was changed: it was given the number ${entry.seq}`);
    this.#shift = shift;
    return { ...entry, seq };
  }

  /** The hash does not fit the fields, whatever number the entry is given. */
  #changed(entry: RawEntry, expected: number): void {
    const skipped = entry.seq > expected && entry.prev !== this.#head?.hash;
    if (skipped) this.#gone(expected, entry.seq - 1);
    const seq = skipped ? entry.seq : expected;
    this.#note("changed", seq, seq, `entry ${seq} was changed: its hash does not fit its fields`);
    this.#see(seq, { hash: entry.hash, fits: false, from: seq });
    // Whichever of the two the next entry names is what this entry's hash was when that one was written.
    this.#otherwise = hashOf(entry);
    this.#loose = true;
    this.#head = { ledgerId: entry.ledgerId, epoch: this.#epoch(entry), seq, hash: entry.hash, at: this.#at(entry) };
    this.#from = seq + 1;
  }

  #gone(from: number, to: number): void {
    const what = from === 1 ? "the beginning is missing: " : "";
    const verb = from === to ? "is" : "are";
    const finding = this.#note("removed", from, to, `${what}${span(from, to)} ${verb} missing`);
    const gap = { finding, left: to - from + 1 };
    for (let seq = from; seq <= to && this.#missing.size < MOST_MISSING; seq++) this.#missing.set(seq, gap);
  }

  /** A number that was passed already. */
  #back(expected: number, entry: RawEntry): void {
    const gap = this.#missing.get(entry.seq);
    if (gap === undefined) {
      this.#note("added", entry.seq, entry.seq, `entry ${entry.seq} stands there more than once`);
      this.#see(entry.seq, { hash: entry.hash, fits: true, from: entry.seq });
      // The next one says which of the two it was written after.
      if (entry.seq === expected - 1) this.#otherwise = entry.hash;
      return;
    }
    this.#missing.delete(entry.seq);
    gap.left -= 1;
    const index = this.#findings.indexOf(gap.finding);
    if (gap.left === 0 && index >= 0) this.#findings.splice(index, 1);
    const what = `entry ${entry.seq} stands after entry ${expected - 1}: the order was changed`;
    this.#note("moved", entry.seq, entry.seq, what);
    this.#see(entry.seq, { hash: entry.hash, fits: true, from: entry.seq });
    this.#keys = keysAfter(this.#keys, entry);
  }

  /** From here on the chain is measured anew. */
  #restart(entry: RawEntry): void {
    this.#from = entry.seq;
    const { ledgerId, epoch, seq, hash, at } = entry;
    this.#goOn({ ledgerId, epoch, seq, hash, at }, entry);
  }

  #epoch({ epoch }: RawEntry): number {
    return this.#head === null || Math.abs(epoch - this.#head.epoch) <= 1 ? epoch : this.#head.epoch;
  }

  /** A changed time must not make the honest ones after it look as if they went back. */
  #at({ at }: RawEntry): number {
    return Math.min(at, this.#head?.at ?? at);
  }

  #note(fault: Finding["fault"], seq: number, to: number, what: string): Finding {
    const finding: Finding = { fault, seq, to, what };
    if (this.#findings.length < MOST_FINDINGS) this.#findings.push(finding);
    else this.#more += 1;
    return finding;
  }
}

const span = (from: number, to: number) => (from === to ? `entry ${from}` : `entries ${from} to ${to}`);

function replaced(seq: number): string {
  return `entry ${seq} does not follow from entry ${seq - 1}: one of the two was replaced by another and given a hash of its own`;
}
