import type { RouteName } from "../api/route.ts";
import type { OperatorToken, TokenFault } from "../api/token.ts";
import type { NewEntry } from "../ledger/entry.ts";
import { StoreError } from "../ledger/store-error.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import type { ApiOptions, Noted, Outcome } from "./api-answers.ts";
import { Budget } from "./budget.ts";

/** Calls of one token in a minute. What is beyond is not done: whatever is done is in the ledger. */
const CALLS = { perKey: 300, keys: 256 };
/** Releases and refused ones of one token: looking things up does not use them up. */
const RELEASES = { perKey: 120, keys: 256 };
/** These go through the whole vault or ledger, and meanwhile nothing else is answered. */
const LONG_CALLS = { perKey: 6, keys: 256 };
const LONG: ReadonlySet<RouteName> = new Set<RouteName>(["coverage", "coverage-of", "rotation"]);
/** Of those that are not done, one a minute for each token is an entry. */
const REFUSED = { perKey: 1, keys: 256 };
/** Questions without a good token that are entries, for one address in a minute, and of how many addresses. */
const STRANGERS = { perKey: 20, keys: 64 };

/** Every call's entry in the ledger, written before its answer leaves; how many there may be. */
export class ApiCalls {
  readonly counters = { unwritten: 0 };
  readonly #options: ApiOptions;
  readonly #freshId: () => string;
  readonly #calls = new Budget(CALLS);
  readonly #releases = new Budget(RELEASES);
  readonly #longCalls = new Budget(LONG_CALLS);
  readonly #refused = new Budget(REFUSED);
  readonly #strangers = new Budget(STRANGERS);

  /** `freshId`: for the entry of each call. */
  constructor(options: ApiOptions, freshId: () => string) {
    this.#options = options;
    this.#freshId = freshId;
  }

  /** Takes in what other processes wrote: a token that one of them revoked opens nothing from here on. */
  async catchUp(): Promise<"ledger-unavailable" | null> {
    return (await this.#kept(() => this.#options.desk.catchUp())) ? null : "ledger-unavailable";
  }

  /** One more call of this token, if it may have one. */
  async take({ tokenId, name }: OperatorToken, route: RouteName): Promise<"rate-limited" | null> {
    const now = this.#options.now();
    const budget = route === "release" ? this.#releases : LONG.has(route) ? this.#longCalls : this.#calls;
    if (budget.take(tokenId, now)) return null;
    if (this.#refused.take(tokenId, now))
      await this.#note(this.#called(tokenId, name, route, { outcome: "rate-limited" }));
    else this.counters.unwritten += 1;
    return "rate-limited";
  }

  /** A question without a good token: an entry, unless its address has had its share of them. */
  async stranger<Reason extends TokenFault | "token-missing">(
    reason: Reason,
    address: Ipv4,
    token: OperatorToken | null,
  ): Promise<Reason> {
    if (!this.#strangers.take(address, this.#options.now())) {
      this.counters.unwritten += 1;
      return reason;
    }
    const body = { type: "api.refused", reason, address, tokenId: token?.tokenId ?? null } as const;
    await this.#note({ body, actor: "station", commandId: this.#freshId() });
    return reason;
  }

  /**
   * The outcome once it is in the ledger, or that it could not be written. A release has an entry of its own, from
   * before the password was opened; its outcome stands whether this second one can be written or not.
   */
  async written(token: OperatorToken, route: RouteName, outcome: Outcome): Promise<Outcome> {
    const { tokenId, name } = token;
    const fields =
      "problem" in outcome ? { outcome: outcome.problem } : ({ outcome: "answered", ...outcome.noted } as const);
    const kept = await this.#note(this.#called(tokenId, name, route, fields));
    return kept || route === "release" ? outcome : { problem: "ledger-unavailable" };
  }

  #note(entry: NewEntry): Promise<boolean> {
    return this.#kept(() => this.#options.desk.record(entry));
  }

  async #kept(act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      if (error instanceof StoreError) return false;
      throw error;
    }
  }

  #called(tokenId: string, name: string, route: RouteName, fields: { readonly outcome: string } & Noted): NewEntry {
    const body = { type: "api.called", tokenId, route, ...fields } as const;
    return { body, actor: `operator:${name}`, commandId: this.#freshId() };
  }
}
