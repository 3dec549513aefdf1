import type { Entry, NewEntry } from "../ledger/entry.ts";
import type { Ledger, Receipt } from "../ledger/ledger.ts";
import { foldStation, newStationState, type StationState } from "./state.ts";

/** What a decision came to: what to append (nothing, if null), and what to do with the receipt. */
interface Proposal<T> {
  readonly entries: readonly NewEntry[];
  readonly value: T;
}

/**
 * The station's desk: the ledger, the state folded from it, and the rule that every decision is made on the newest
 * state and written down before it is acted on. Other processes (the operator's `campaign halt`) append to the same
 * ledger; the desk takes their entries in before each decision.
 */
export class Desk {
  readonly state: StationState = newStationState();
  readonly #ledger: Ledger;
  readonly #onEntry: (entry: Entry) => void;
  #reading: Promise<void> = Promise.resolve();
  /** The next reading, as long as it has not begun: whoever asks until then shares it. */
  #next: Promise<void> | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(ledger: Ledger, onEntry: (entry: Entry) => void) {
    this.#ledger = ledger;
    this.#onEntry = onEntry;
  }

  /** Takes in all entries that are in the ledger by now, whoever wrote them. */
  catchUp(): Promise<void> {
    this.#next ??= this.#reading = this.#reading
      .catch(() => {})
      .then(() => {
        this.#next = null;
        return this.#takeIn();
      });
    return this.#next;
  }

  async #takeIn(): Promise<void> {
    for (;;) {
      const entries = await this.#ledger.read(this.state.seq, 10_000);
      for (const entry of entries) {
        foldStation(this.state, entry);
        this.#onEntry(entry);
      }
      if (entries.length < 10_000) return;
    }
  }

  /** Writes a fact down. */
  async record(entry: NewEntry): Promise<Receipt> {
    const receipt = await this.#ledger.append(entry);
    await this.catchUp();
    return receipt;
  }

  /**
   * One after another: of a hundred decisions made side by side on one state, the ledger takes the first and the others
   * are all made anew, and so on. `act` must not wait for another decision.
   */
  alone<T>(act: () => Promise<T>): Promise<T> {
    const own = this.#last.then(act);
    this.#last = own.catch(() => {});
    return own;
  }

  /**
   * Decides on the newest state and appends what was decided, the first entry only if the ledger is still the one
   * decided on; decides anew when it is not. Resolves when everything is durable. `receipt` is that of the last entry.
   */
  decide<T>(propose: (state: StationState) => Proposal<T>): Promise<{ value: T; receipt: Receipt | null }> {
    return this.alone(() => this.#decide(propose));
  }

  async #decide<T>(propose: (state: StationState) => Proposal<T>): Promise<{ value: T; receipt: Receipt | null }> {
    for (;;) {
      await this.catchUp();
      const { entries, value } = propose(this.state);
      let receipt: Receipt | "stale-view" | null = null;
      for (const [index, entry] of entries.entries()) {
        receipt =
          index === 0 ? await this.#ledger.appendIfHead(entry, this.state.seq) : await this.#ledger.append(entry);
        if (receipt === "stale-view") break;
      }
      if (receipt === "stale-view") continue;
      if (receipt !== null) await this.catchUp();
      return { value, receipt };
    }
  }
}
