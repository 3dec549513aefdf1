import type { Vault, VaultStatus } from "../escrow/vault.ts";

const KEPT_MS = 60_000;

/** What the vault holds, counted once a minute at most: of a million deposits it takes a second, and devices wait. */
export class VaultCounts {
  readonly #vault: Vault;
  readonly #now: () => number;
  #kept: { readonly at: number; readonly status: VaultStatus } | null = null;

  constructor(vault: Vault, now: () => number) {
    this.#vault = vault;
    this.#now = now;
  }

  now(): VaultStatus {
    const at = this.#now();
    if (this.#kept === null || at - this.#kept.at >= KEPT_MS || at < this.#kept.at)
      this.#kept = { at, status: this.#vault.status() };
    return this.#kept.status;
  }
}
