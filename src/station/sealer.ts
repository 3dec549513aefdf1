import { recordUnsealed } from "../escrow/record-seal.ts";
import type { Vault } from "../escrow/vault.ts";
import { sealedEntry } from "../escrow/vault-entries.ts";
import type { Entry, NewEntry } from "../ledger/entry.ts";
import type { Receipt } from "../ledger/ledger.ts";
import { StoreError } from "../ledger/store-error.ts";
import type { Secret } from "../wire/secret.ts";
import type { OpenerStory, UnsealAnswer } from "./unsealing.ts";

/** Why a vault was sealed. */
export type SealReason = "idle" | "halt" | "stop";

export interface SealerOptions {
  readonly vault: Vault;
  readonly record: (entry: NewEntry) => Promise<Receipt>;
  /** The ledger's sequence at which the vault was unsealed: what happened before it does not count. */
  readonly since: number;
  /** Without a release for so long the vault is sealed; null: never. */
  readonly idleMs: number | null;
  /** Two clocks in milliseconds: one that people set, and one that stands still while a laptop sleeps. */
  readonly now: () => { readonly wall: number; readonly steady: number };
  /** A fresh identifier for each entry. */
  readonly freshId: () => string;
  readonly onSealed: (reason: Exclude<SealReason, "stop">) => void;
  readonly onFault: (error: Error) => void;
}

/**
 * Seals the station's vault by itself. Sealing comes first and its entry after, unlike everything else: a ledger that
 * cannot write must not keep a vault open.
 */
export class Sealer {
  readonly #options: SealerOptions;
  #since: number;
  #halts = 0;
  #writing: Promise<void> = Promise.resolve();
  #idle = 0;
  #last: { readonly wall: number; readonly steady: number };

  constructor(options: SealerOptions) {
    this.#options = options;
    this.#since = options.since;
    this.#last = options.now();
  }

  /** Every entry of the ledger, whoever wrote it. */
  see({ seq, body }: Entry): void {
    if (seq <= this.#since) return;
    if (body.type === "key.released" || body.type === "key.released-by-hand") this.#rest();
    if (body.type !== "campaign.halted") return;
    this.#halts += 1;
    this.#seal("halt");
  }

  /** To be called every second or so. */
  tick(): void {
    const { idleMs, now } = this.#options;
    const { wall, steady } = now();
    // A clock that was set back does not keep the vault open, and the hours of a closed lid count.
    this.#idle += Math.max(wall - this.#last.wall, steady - this.#last.steady, 0);
    this.#last = { wall, steady };
    if (idleMs !== null && this.#idle >= idleMs) this.#seal("idle");
  }

  /** The entry first. A halt that comes in meanwhile wins. */
  async unseal(identity: Secret<string>, { actor, openedBy }: OpenerStory): Promise<UnsealAnswer> {
    const { vault, record, freshId } = this.#options;
    const halts = this.#halts;
    await this.#writing;
    try {
      const seq = await recordUnsealed({ append: record }, vault, openedBy, { actor, fresh: freshId() });
      this.#since = Math.max(this.#since, seq);
    } catch (error) {
      if (error instanceof StoreError) return "ledger-unavailable";
      throw error;
    }
    if (halts !== this.#halts) return "halted-meanwhile";
    const answer = await vault.unsealWith(identity);
    this.#rest();
    if (answer === "unsealed" && halts !== this.#halts) {
      this.#seal("halt");
      return "halted-meanwhile";
    }
    return answer;
  }

  /** Resolves when the last sealing is written down, or cannot be. */
  async stop(): Promise<void> {
    this.#seal("stop");
    await this.#writing;
  }

  #rest(): void {
    this.#idle = 0;
    this.#last = this.#options.now();
  }

  #seal(reason: SealReason): void {
    const { vault, record, freshId, onSealed, onFault } = this.#options;
    if (vault.sealed) return;
    vault.seal();
    if (reason !== "stop") onSealed(reason);
    const entry = sealedEntry(vault, reason, { actor: "station", fresh: freshId() });
    this.#writing = this.#writing.then(() => record(entry)).then(() => {}, onFault);
  }
}
