import type { Entry, EntryBody, NewEntry } from "./entry.ts";

const minting = Symbol("only a durable append mints a receipt");

/** Proof that an entry is durably in the ledger. Only a ledger store can make one. */
export class Receipt {
  readonly ledgerId: string;
  readonly seq: number;
  readonly hash: string;
  readonly body: EntryBody;
  /** True if the command was in the ledger already and this is the receipt of that first time. */
  readonly repeated: boolean;
  readonly #minted = true;

  private constructor(proof: typeof minting, entry: Entry, repeated: boolean) {
    if (proof !== minting) throw new Error("a receipt comes from a ledger");
    this.ledgerId = entry.ledgerId;
    this.seq = entry.seq;
    this.hash = entry.hash;
    this.body = entry.body;
    this.repeated = repeated;
  }

  /** For ledger stores alone (test/architecture.test.ts holds this). */
  static mint(entry: Entry, repeated: boolean): Receipt {
    return new Receipt(minting, entry, repeated);
  }

  /** True for a receipt that a ledger made; an object that merely looks like one has no such mark. */
  static is(value: unknown): value is Receipt {
    return typeof value === "object" && value !== null && #minted in value && value.#minted;
  }
}

/** Several processes may hold the same ledger; each append is one durable transaction. */
export interface Ledger {
  readonly ledgerId: string;
  /**
   * A fact: appended wherever the head is. Resolves only when the entry is on disk. The same command again gives the
   * receipt of the first time. Rejects with StoreError if it could not be written; appending again is safe then.
   */
  append(entry: NewEntry): Promise<Receipt>;
  /** A decision: appended only if the head is still `headSeq`, else `stale-view` and nothing is written. */
  appendIfHead(entry: NewEntry, headSeq: number): Promise<Receipt | "stale-view">;
  /** Entries with a sequence above `afterSeq`, in order, at most `limit`. */
  read(afterSeq: number, limit?: number): Promise<readonly Entry[]>;
  head(): Promise<{ readonly seq: number; readonly hash: string }>;
  close(): Promise<void>;
}
