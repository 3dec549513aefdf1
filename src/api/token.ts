import type { Entry } from "../ledger/entry.ts";
import type { Scope } from "./scope.ts";

/** A token as the ledger knows it: by its hash. Its text was shown once, to whoever made it. */
export interface OperatorToken {
  /** A GUID of random bytes. */
  readonly tokenId: string;
  /** Stands for this one token for ever: the ledger names whoever uses it `operator:NAME`. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** SHA-256 of the text, 64 hex digits. */
  readonly hash: string;
  readonly createdAt: number;
  /** Milliseconds since 1970 UTC; null: good until it is revoked. */
  readonly expiresAt: number | null;
  revokedAt: number | null;
}

/** A fold over the ledger, changed in place. */
export interface OperatorTokens {
  readonly byHash: Map<string, OperatorToken>;
  readonly byId: Map<string, OperatorToken>;
  readonly byName: Map<string, OperatorToken>;
  /** Ledger time of the last entry: a clock that is put back does not make an expired token good again. */
  at: number;
}

export function newOperatorTokens(): OperatorTokens {
  return { byHash: new Map(), byId: new Map(), byName: new Map(), at: 0 };
}

/** Takes in one more ledger entry. */
export function foldTokens(tokens: OperatorTokens, { body, at }: Entry): void {
  tokens.at = at;
  if (body.type === "token.created") {
    const { type: _type, ...created } = body;
    const token: OperatorToken = { ...created, createdAt: at, revokedAt: null };
    tokens.byHash.set(token.hash, token);
    tokens.byId.set(token.tokenId, token);
    tokens.byName.set(token.name, token);
  }
  if (body.type === "token.revoked") {
    const token = tokens.byId.get(body.tokenId);
    if (token !== undefined) token.revokedAt ??= at;
  }
}

/** Why a token opens nothing. */
export type TokenFault = "token-unknown" | "token-revoked" | "token-expired";

/** `now`: the station's clock, milliseconds since 1970 UTC. */
export function tokenFault(tokens: OperatorTokens, token: OperatorToken | undefined, now: number): TokenFault | null {
  if (token === undefined) return "token-unknown";
  if (token.revokedAt !== null) return "token-revoked";
  return token.expiresAt !== null && Math.max(now, tokens.at) >= token.expiresAt ? "token-expired" : null;
}
