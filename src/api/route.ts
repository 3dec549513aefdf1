import type { ZodType } from "zod";
import type { ProblemReason } from "./problem.ts";
import {
  coverageAnswer,
  lookupAnswer,
  lookupRequest,
  releaseAnswer,
  releaseRequest,
  rotationAnswer,
  statusAnswer,
} from "./schema.ts";
import type { Scope } from "./scope.ts";

/** One route of the operator API. What carries an identifier is a POST: a URL ends up in logs and histories. */
export interface Route {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Null: needs no token. */
  readonly scope: Scope | null;
  readonly summary: string;
  readonly description: string;
  readonly request: ZodType | "text/csv" | null;
  readonly answer: ZodType | null;
  /** Its own; those of every route come on top. */
  readonly reasons: readonly ProblemReason[];
}

const PREFIX = "/operator/v1";

const COVERAGE = "What breakglass escrow coverage tells, without opening anything. Six a minute for a token.";

/** By the name the ledger has for it. */
export const ROUTES = {
  openapi: {
    method: "GET",
    path: `${PREFIX}/openapi.json`,
    scope: null,
    summary: "This description",
    description: "Needs no token, tells nothing of this station, and is in no ledger.",
    request: null,
    answer: null,
    reasons: [],
  },
  status: {
    method: "GET",
    path: `${PREFIX}/status`,
    scope: "status",
    summary: "Where things stand",
    description: "Counts alone. Those of the vault may be a minute old.",
    request: null,
    answer: statusAnswer,
    reasons: [],
  },
  lookup: {
    method: "POST",
    path: `${PREFIX}/lookup`,
    scope: "lookup",
    summary: "Which deposits fit",
    description: "All candidates and no password. Nothing that fits is no problem: `found` is 0.",
    request: lookupRequest,
    answer: lookupAnswer,
    reasons: ["malformed", "looks-like-password", "wrong-content-type", "too-large"],
  },
  release: {
    method: "POST",
    path: `${PREFIX}/release`,
    scope: "release",
    summary: "One recovery password, after the ledger has it",
    description:
      "Needs the header `Idempotency-Key`, 8 to 128 printable characters. The same key is never given a second " +
      "password: it is answered `command-used` with the receipt of the first. Refusals do not use the key up.",
    request: releaseRequest,
    answer: releaseAnswer,
    reasons: [
      "malformed",
      "looks-like-password",
      "wrong-content-type",
      "too-large",
      "bad-reason",
      "idempotency-key-missing",
      "no-key",
      "ambiguous",
      "device-mismatch",
      "command-used",
      "halted",
      "vault-sealed",
      "hand-cap",
    ],
  },
  coverage: {
    method: "GET",
    path: `${PREFIX}/coverage`,
    scope: "coverage",
    summary: "Whether every device of the campaign's inventory has a password in the vault",
    description: COVERAGE,
    request: null,
    answer: coverageAnswer,
    reasons: ["no-inventory", "vault-too-large"],
  },
  "coverage-of": {
    method: "POST",
    path: `${PREFIX}/coverage`,
    scope: "coverage",
    summary: "The same for an inventory that is sent",
    description: `${COVERAGE} At most 1 MiB, as breakglass escrow coverage reads it; it is not kept.`,
    request: "text/csv",
    answer: coverageAnswer,
    reasons: ["malformed", "looks-like-password", "wrong-content-type", "too-large", "vault-too-large"],
  },
  rotation: {
    method: "GET",
    path: `${PREFIX}/rotation`,
    scope: "coverage",
    summary: "Which recovery passwords have been seen and have to be rotated",
    description: "What breakglass escrow rotation list tells. Counts among the six long calls a minute.",
    request: null,
    answer: rotationAnswer,
    reasons: [],
  },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof ROUTES;

/** What any route with a scope may answer. */
export const COMMON_REASONS: readonly ProblemReason[] = [
  "token-missing",
  "token-unknown",
  "token-revoked",
  "token-expired",
  "scope-missing",
  "not-found",
  "too-slow",
  "rate-limited",
  "fault",
  "ledger-unavailable",
  "vault-unavailable",
];
