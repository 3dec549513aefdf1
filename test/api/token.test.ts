import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createToken, findToken, revokeToken } from "../../src/api/command.ts";
import { foldTokens, newOperatorTokens, type OperatorTokens, tokenFault } from "../../src/api/token.ts";
import { hashOfTokenText, holdsToken, isTokenText, newTokenText } from "../../src/api/token-text.ts";
import type { Entry, NewEntry } from "../../src/ledger/entry.ts";

const bytes = (fill: number) => (length: number) => new Uint8Array(length).fill(fill);

describe("a token's text", () => {
  it("is known as it was made, and prints as a secret", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (random) => {
        const text = newTokenText(() => random);
        expect(isTokenText(text.reveal())).toBe(true);
        expect(`${text} ${JSON.stringify(text)}`).not.toContain("bgt_");
        expect(holdsToken(`x${text.reveal()}y`)).toBe(true);
      }),
    );
  });

  it("with any one character changed, dropped or added is not taken for a token", () => {
    const text = newTokenText(bytes(7)).reveal();
    for (let at = 0; at < text.length; at++)
      for (const letter of "A9-_z ") {
        const changed = text.slice(0, at) + letter + text.slice(at + 1);
        if (changed !== text) expect(isTokenText(changed), changed).toBe(false);
        expect(isTokenText(text.slice(0, at) + letter + text.slice(at))).toBe(false);
        expect(isTokenText(text.slice(0, at) + text.slice(at + 1))).toBe(false);
      }
  });
});

const ID = "4B872691-FED9-FF81-A3C2-E9AA3D836853";
const hash = hashOfTokenText(newTokenText(bytes(1)));
const wanted = { tokenId: ID, name: "helpdesk", scopes: ["lookup"] as const, hash, expiresAt: 10_000 };

function take(tokens: OperatorTokens, entry: NewEntry | string, at: number): void {
  if (typeof entry === "string") throw new Error(entry);
  foldTokens(tokens, { ...entry, at } as Entry);
}

function made(): OperatorTokens {
  const tokens = newOperatorTokens();
  take(tokens, createToken(tokens, wanted, "operator:ana"), 1_000);
  return tokens;
}

describe("a token", () => {
  it("is in the ledger as its hash alone", () => {
    const entry = createToken(newOperatorTokens(), wanted, "operator:ana");
    expect(entry).toMatchObject({ actor: "operator:ana", body: { type: "token.created", hash, scopes: ["lookup"] } });
    expect(JSON.stringify(entry)).not.toContain("bgt_");
  });

  it("has a name of its own for ever, also after it was revoked", () => {
    const tokens = made();
    take(tokens, revokeToken(tokens, "helpdesk", "lost", "operator:ana"), 2_000);
    expect(createToken(tokens, { ...wanted, tokenId: "other" }, "operator:ana")).toBe("name-taken");
  });

  it("is good until it expires, by the later of the clock and the ledger's time", () => {
    const tokens = made();
    const token = findToken(tokens, "helpdesk");
    expect(tokenFault(tokens, token, 9_999)).toBeNull();
    expect(tokenFault(tokens, token, 10_000)).toBe("token-expired");
    foldTokens(tokens, { body: { type: "station.started" }, at: 10_000 } as Entry);
    expect(tokenFault(tokens, token, 0)).toBe("token-expired");
  });

  it("is revoked by name or ID, once", () => {
    const tokens = made();
    expect(revokeToken(tokens, "nobody", "x", "operator:ana")).toBe("token-unknown");
    take(tokens, revokeToken(tokens, ID.toLowerCase(), "lost", "operator:ana"), 2_000);
    expect(tokenFault(tokens, findToken(tokens, ID), 3_000)).toBe("token-revoked");
    expect(revokeToken(tokens, "helpdesk", "x", "operator:ana")).toBe("token-revoked");
  });
});
