import { ipv4, list, nullable, optional, sha256, text, time, whole, word } from "./field.ts";
import { family } from "./kind.ts";

const tokenId = text("the token's ID, a GUID");
const name = text("the token's name: its user is `operator:NAME`");

export const TOKEN = family({
  "token.created": {
    what: "A token for the operator API was made. Its text was shown once and is in no entry.",
    fields: {
      tokenId,
      name,
      scopes: list(word(["lookup", "release", "coverage", "status"], ""), "what it may be used for"),
      hash: sha256("digest of its text"),
      expiresAt: nullable(time("when it ends; null: when it is revoked")),
    },
  },
  "token.revoked": {
    what: "A token opens nothing from this entry on.",
    fields: { tokenId, name, reason: text("why, in the operator's words") },
  },
  "api.called": {
    what: "A call with a good token came to an end. A release has `key.released-by-hand` as well, from before.",
    fields: {
      tokenId,
      route: text("which question (docs/api.md)"),
      outcome: text("`answered`, or the problem's reason word"),
      found: optional(whole("deposits that a lookup found")),
      entry: optional(whole("sequence number of the release")),
      due: optional(whole("passwords on the rotation list")),
      devices: optional(whole("devices that coverage was asked for")),
      covered: optional(whole("of them covered")),
    },
  },
  "api.refused": {
    what: "A call without a good token was refused.",
    fields: {
      reason: text("reason word (docs/api.md)"),
      address: ipv4("the address it came from"),
      tokenId: nullable(tokenId),
    },
  },
});
