const WINDOW_MS = 60_000;

/**
 * How much of something is done in a minute: so often for each key (an address, a device), and for so many keys. An
 * attacker makes up keys as fast as he sends packets; memory and ledger must not grow with them.
 */
export class Budget {
  readonly #perKey: number;
  readonly #keys: number;
  readonly #taken = new Map<string, number>();
  #since = Number.NEGATIVE_INFINITY;

  constructor(limits: { readonly perKey: number; readonly keys: number }) {
    this.#perKey = limits.perKey;
    this.#keys = limits.keys;
  }

  /** True, and taken, if there is some left for this key. `now` in milliseconds. */
  take(key: string, now: number): boolean {
    if (now - this.#since >= WINDOW_MS || now < this.#since) {
      this.#taken.clear();
      this.#since = now;
    }
    const taken = this.#taken.get(key);
    if (taken === undefined && this.#taken.size >= this.#keys) return false;
    if (taken !== undefined && taken >= this.#perKey) return false;
    this.#taken.set(key, (taken ?? 0) + 1);
    return true;
  }

  /** Gives one back that was taken: it turned out to be honest. */
  giveBack(key: string): void {
    const taken = this.#taken.get(key);
    if (taken === 1) this.#taken.delete(key);
    else if (taken !== undefined) this.#taken.set(key, taken - 1);
  }
}
