import type { HandRefuseReason } from "../escrow/hand-release.ts";
import type { TokenFault } from "./token.ts";

/** Why the API does not do what it was asked: the same words as in the ledger and on screens. */
export type ProblemReason =
  | TokenFault
  | HandRefuseReason
  | "token-missing"
  | "scope-missing"
  | "not-found"
  | "malformed"
  | "wrong-content-type"
  | "too-large"
  | "too-slow"
  | "looks-like-password"
  | "idempotency-key-missing"
  | "device-mismatch"
  | "no-inventory"
  | "vault-too-large"
  | "rate-limited"
  | "vault-unavailable"
  | "fault";

interface Problem {
  readonly status: number;
  /** What it means, the same every time; what this request has to do with it is the answer's `detail`. */
  readonly title: string;
  /** What to do now. */
  readonly next: string;
}

/** Every problem there is. */
export const PROBLEMS: Readonly<Record<ProblemReason, Problem>> = {
  malformed: {
    status: 400,
    title: "The request is not what the API's description asks for; nothing was done.",
    next: "Compare it with openapi.json.",
  },
  "looks-like-password": {
    status: 400,
    title: "A field holds what looks like a recovery password or a token; it was not looked up and not written down.",
    next: "Name the key protector ID or the device instead.",
  },
  "bad-reason": {
    status: 400,
    title:
      "The reason or ticket is empty, too long, or holds a recovery password, a token or control characters; nothing was released.",
    next: "Say in a few words why this password is needed.",
  },
  "idempotency-key-missing": {
    status: 400,
    title: "A release needs an Idempotency-Key header, so that a repeated request releases nothing twice.",
    next: "Send a fresh UUID with each release that is meant, and the same one when repeating a request.",
  },
  "token-missing": {
    status: 401,
    title: "No token came with the request, or one that is cut off or mistyped.",
    next: "Send `Authorization: Bearer bgt_...`; breakglass token create makes one.",
  },
  "token-unknown": {
    status: 401,
    title: "This station's ledger knows no such token.",
    next: "Is this the right station? Otherwise have a token made: breakglass token create.",
  },
  "token-revoked": {
    status: 401,
    title: "The token was revoked.",
    next: "Have a new one made: breakglass token create.",
  },
  "token-expired": {
    status: 401,
    title: "The token has expired.",
    next: "Have a new one made: breakglass token create.",
  },
  "scope-missing": {
    status: 403,
    title: "The token is good, and not for this.",
    next: "Have one made with the scope that openapi.json names.",
  },
  "not-found": {
    status: 404,
    title: "There is no such route. No route takes a query.",
    next: "Look at openapi.json.",
  },
  "no-key": {
    status: 404,
    title: "Nothing in the vault fits; nothing was released.",
    next: "Compare the key protector ID with the device's screen, or import a newer export.",
  },
  "too-slow": {
    status: 408,
    title: "The request did not arrive in time.",
    next: "Send it again.",
  },
  "command-used": {
    status: 409,
    title: "This Idempotency-Key has released a password already; it is not shown a second time.",
    next: "`receipt` says where the ledger has it. If the answer was lost, ask again with a new Idempotency-Key.",
  },
  ambiguous: {
    status: 409,
    title: "Several key protectors fit; nothing was released.",
    next: "Name one by its whole key protector ID.",
  },
  "device-mismatch": {
    status: 409,
    title: "The vault has this key protector under another device's name; nothing was released.",
    next: "Compare the key protector ID with the device's screen; leave `device` out if the name has changed.",
  },
  halted: {
    status: 409,
    title: "The campaign is halted: the API releases nothing. Scripts cannot override a halt.",
    next: "Ask the people who halted it; a person at the station can release by hand.",
  },
  "vault-sealed": {
    status: 409,
    title: "The vault is sealed: no recovery password was released.",
    next: "Unseal it at the station, then ask again with the same Idempotency-Key.",
  },
  "no-inventory": {
    status: 409,
    title: "No armed campaign has an inventory, so there is nothing to compare the vault with.",
    next: "Arm a campaign with --inventory, or POST an inventory to this route.",
  },
  "vault-too-large": {
    status: 409,
    title: "This vault is too large to be gone through while this station serves devices.",
    next: "Ask one that was started with `breakglass api serve --sealed`, or run breakglass escrow coverage.",
  },
  "too-large": {
    status: 413,
    title: "The request's body is larger than this route takes.",
    next: "Send less.",
  },
  "wrong-content-type": {
    status: 415,
    title: "The body's Content-Type is not the one this route takes.",
    next: "Send `Content-Type: application/json`; for an inventory, `text/csv`.",
  },
  "rate-limited": {
    status: 429,
    title: "This token has asked too often in the last minute; nothing was done.",
    next: "Wait a minute (Retry-After), and ask less often.",
  },
  "hand-cap": {
    status: 429,
    title: "A cap on releases is reached: of this token in an hour, or of this key protector in a day.",
    next: "Wait (Retry-After), or ask a person at the station to check why this many are needed.",
  },
  fault: {
    status: 500,
    title: "The station failed; what was not acknowledged may or may not be in its ledger.",
    next: "Look at the ledger before asking for the same again.",
  },
  "vault-unavailable": {
    status: 503,
    title: "The vault's file cannot be read now.",
    next: "Look at the station's screen; then ask again with the same Idempotency-Key.",
  },
  "ledger-unavailable": {
    status: 503,
    title: "The ledger cannot be written, so nothing is answered or released.",
    next: "Make room on the station's disk, or repair it; then ask again with the same Idempotency-Key.",
  },
};

export const PROBLEM_TYPE = "application/problem+json";

/** RFC 9457. `type` is a tag (RFC 4151): it names the reason, and is no address of anything. */
export function problemBody(reason: ProblemReason, detail?: string, extra: object = {}) {
  const { status, title, next } = PROBLEMS[reason];
  const type = `tag:breakglass.internal,2026:${reason}`;
  return { type, status, title, reason, next, ...(detail !== undefined && { detail }), ...extra };
}
