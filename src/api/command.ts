import type { NewEntry } from "../ledger/entry.ts";
import type { BodyOf } from "../ledger/events/event.ts";
import type { Scope } from "./scope.ts";
import type { OperatorToken, OperatorTokens } from "./token.ts";

/** What an operator decides when making a token. `hash` is that of its text. */
interface NewToken {
  readonly tokenId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly hash: string;
  readonly expiresAt: number | null;
}

/** A token's name stands in the ledger and on screens: lower case, digits, `.`, `-`, `_`; 40 at most. */
export const TOKEN_NAME = /^[a-z][a-z0-9._-]{0,39}$/;

/** The entry that makes a token good, or why not. A name is given once: who did what must stay clear afterwards. */
export function createToken(
  tokens: OperatorTokens,
  { tokenId, name, scopes, hash, expiresAt }: NewToken,
  actor: string,
): NewEntry<BodyOf<"token.created">> | "name-taken" {
  if (tokens.byName.has(name)) return "name-taken";
  const body = { type: "token.created", tokenId, name, scopes: [...scopes], hash, expiresAt } as const;
  return { body, actor, commandId: `token:${tokenId}` };
}

/** The token of this name or ID. */
export function findToken(tokens: OperatorTokens, nameOrId: string): OperatorToken | undefined {
  return tokens.byName.get(nameOrId) ?? tokens.byId.get(nameOrId.toUpperCase());
}

/** The entry after which a token opens nothing, or why there is nothing to revoke. */
export function revokeToken(
  tokens: OperatorTokens,
  nameOrId: string,
  reason: string,
  actor: string,
): NewEntry<BodyOf<"token.revoked">> | "token-unknown" | "token-revoked" {
  const token = findToken(tokens, nameOrId);
  if (token === undefined) return "token-unknown";
  if (token.revokedAt !== null) return "token-revoked";
  const { tokenId, name } = token;
  return { body: { type: "token.revoked", tokenId, name, reason }, actor, commandId: `token-revoked:${tokenId}` };
}
