import type { Entry, NewEntry, RawEntry } from "./entry.ts";
import type { EntryBody } from "./events/event.ts";

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

/** What opening a ledger takes. */
export interface LedgerOptions {
  /** This station's name, as it stands in the entries it appends. */
  readonly station: string;
  /** Milliseconds since 1970 UTC. */
  readonly clock: () => number;
  /** Make the ledger if there is none. */
  readonly create?: boolean;
  /** The name of a ledger that is made; a GUID of random bytes unless it is given. */
  readonly ledgerId?: string;
  /** Unguessable bytes; the system's unless a test wants known ones. */
  readonly random?: (length: number) => Uint8Array;
  /** Open it though its last entry was changed: for looking at, not for appending to. */
  readonly evenIfBroken?: boolean;
}

/** Calls `look` again and again until the function it gives is called. A store that is told of new entries needs none. */
export type Ticker = (look: () => void) => () => void;

/**
 * The append-only chain of entries, wherever it is kept. Several processes may hold the same ledger; each append is one
 * durable transaction. test/ledger/store-contract.ts is what every store has to do.
 */
export interface Ledger {
  readonly ledgerId: string;
  /**
   * A fact: appended wherever the head is. Resolves only when the entry is on disk. The same command again gives the
   * receipt of the first time. Rejects with StoreError if it could not be written; appending again is safe then.
   * TypeError for a body that `read` would refuse.
   */
  append(entry: NewEntry): Promise<Receipt>;
  /** A decision: appended only if the head is still `headSeq`, else `stale-view` and nothing is written. */
  appendIfHead(entry: NewEntry, headSeq: number): Promise<Receipt | "stale-view">;
  /**
   * Entries with a sequence above `afterSeq`, in order, at most `limit`. Rejects with StoreError `not-understood` at an
   * entry that a later version wrote: whoever folds entries must understand each.
   */
  read(afterSeq: number, limit?: number): Promise<readonly Entry[]>;
  /** The same entries as they stand, of any kind: to verify, export and show them. */
  readRaw(afterSeq: number, limit?: number): Promise<readonly RawEntry[]>;
  /** The entries whose command ID begins so, in order, as they stand; found without reading the others. */
  commandsBeginning(prefix: string): Promise<readonly RawEntry[]>;
  head(): Promise<{ readonly seq: number; readonly hash: string }>;
  /**
   * Calls `onNew` when there may be new entries, whoever appended them: a hint, which may come late, or for nothing.
   * The function it gives ends that. `every` says when to look, for a store that nobody tells of other processes.
   */
  watch(onNew: () => void, every: Ticker): () => void;
  /** What the store finds wrong with how it keeps the entries; empty if nothing. The chain itself is `verifyLedger`'s. */
  integrity(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** A command ID came back with other content: a defect in the caller, and nothing was written. */
export class CommandReused extends Error {
  constructor(commandId: string, seq: number) {
    super(`command ${commandId} is entry ${seq} already, with other content`);
    this.name = "CommandReused";
  }
}
