import { createHash } from "node:crypto";
import { Secret } from "../wire/secret.ts";

// `bgt_` is there for people and for programs that search files for secrets left behind; the last four characters are a
// checksum, so that a token cut off or mistyped is known for that and not for a stranger's.
const PREFIX = "bgt_";
const RANDOM_BYTES = 32;
const CHECKSUM_BYTES = 3;

/** The text of a new token: `bgt_`, 32 random bytes and a checksum as base64url, 51 characters. */
export function newTokenText(random: (length: number) => Uint8Array): Secret<string> {
  const start = `${PREFIX}${Buffer.from(random(RANDOM_BYTES)).toString("base64url")}`;
  return new Secret(start + checksum(start));
}

/** True if the text is a token's, whole and as it was made; says nothing about whether anybody made it. */
export function isTokenText(text: string): boolean {
  if (!/^bgt_[A-Za-z0-9_-]{47}$/.test(text)) return false;
  const start = text.slice(0, -4);
  const bytes = Buffer.from(start.slice(PREFIX.length), "base64url");
  // The last character of 43 carries four bits: other spellings of the same bytes are not the token.
  return bytes.toString("base64url") === start.slice(PREFIX.length) && checksum(start) === text.slice(-4);
}

/** SHA-256 of the text, 64 hex digits: all that is kept of a token. It has 256 random bits, so there is nothing to guess. */
export function hashOfTokenText(text: Secret<string>): string {
  return createHash("sha256").update(text.reveal()).digest("hex");
}

/** True where a text holds something that looks like a token, or the most of one. */
export function holdsToken(text: string): boolean {
  return /bgt_[A-Za-z0-9_-]{20}/.test(text);
}

function checksum(start: string): string {
  return createHash("sha256").update(start).digest().subarray(0, CHECKSUM_BYTES).toString("base64url");
}
