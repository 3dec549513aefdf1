import type { Socket } from "node:net";
import type { FastifyReply, FastifyRequest } from "fastify";
import { PROBLEM_TYPE, PROBLEMS, type ProblemReason, problemBody } from "../api/problem.ts";
import { LOOKS_LIKE_SECRET } from "../api/schema.ts";
import { isTokenText } from "../api/token-text.ts";
import { StoreError } from "../ledger/store-error.ts";
import type { Outcome, Refusal } from "../station/api-answers.ts";
import { Secret } from "../wire/secret.ts";

// Between HTTP and the API's own words.

/** The token of `Authorization: Bearer`, or null if there is none that is whole. */
export function bearer({ headers }: FastifyRequest): Secret<string> | null {
  const text = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
  return text !== undefined && isTokenText(text) ? new Secret(text) : null;
}

/** The `Idempotency-Key` header, with or without the quotation marks of a structured field (RFC 9651). */
export function idempotencyKey({ headers }: FastifyRequest): string | null {
  const value = headers["idempotency-key"];
  return typeof value === "string" ? (/^"?([!#-~]{8,128})"?$/.exec(value)?.[1] ?? null) : null;
}

/** Nobody keeps an answer of this API, and no browser makes more of it than what it says it is. */
export function sendJson(reply: FastifyReply, type: string, text: string): FastifyReply {
  return reply.header("Cache-Control", "no-store").header("X-Content-Type-Options", "nosniff").type(type).send(text);
}

export function sendProblem(reply: FastifyReply, { problem, detail, extra, retryAfter }: Refusal): FastifyReply {
  const { status } = PROBLEMS[problem];
  if (status === 401 || status === 403) reply.header("WWW-Authenticate", challenge(problem));
  if (retryAfter !== undefined) reply.header("Retry-After", String(retryAfter));
  return sendJson(reply.code(status), PROBLEM_TYPE, JSON.stringify(problemBody(problem, detail, extra)));
}

/** RFC 6750 section 3. */
function challenge(problem: ProblemReason): string {
  const error = { "token-missing": "", "scope-missing": ', error="insufficient_scope"' }[problem as string];
  return `Bearer realm="breakglass"${error ?? ', error="invalid_token"'}`;
}

interface Issue {
  readonly code?: string | undefined;
  readonly message: string;
  readonly path: readonly PropertyKey[];
  /** Of a choice: what each alternative found. */
  readonly errors?: readonly (readonly Issue[])[];
}

/** What is wrong with a body, naming fields that the API knows and nothing that was sent. */
export function misread(issues: readonly Issue[]): Outcome<never> {
  if (secretLooking(issues)) return { problem: LOOKS_LIKE_SECRET };
  let [issue] = issues;
  while (issue?.errors !== undefined && issue.errors.length > 0)
    [issue] = issue.errors.reduce((best, each) => (rank(each) < rank(best) ? each : best));
  const field = issue?.path.join(".") || "the body";
  const what =
    issue?.code === "unrecognized_keys" ? "has a field that is not known" : `is not as described (${issue?.code})`;
  return { problem: "malformed", detail: `${field} ${what}` };
}

/** Of a choice, the alternative that was meant has no unknown field, and little wrong. */
function rank(issues: readonly Issue[]): number {
  return issues.length + (issues.some(({ code }) => code === "unrecognized_keys") ? 100 : 0);
}

function secretLooking(issues: readonly Issue[]): boolean {
  return issues.some(({ message, errors }) => message === LOOKS_LIKE_SECRET || (errors ?? []).some(secretLooking));
}

const HTTP_PROBLEMS: Readonly<Record<number, ProblemReason>> = {
  404: "not-found",
  408: "too-slow",
  413: "too-large",
  415: "wrong-content-type",
};

/** The problem for what was thrown: by fastify over a body that it does not take, or by us. */
export function problemOf(error: Error & { readonly statusCode?: number }): ProblemReason {
  if (error instanceof StoreError) return "vault-unavailable";
  const { statusCode = 500 } = error;
  return statusCode >= 500 ? "fault" : (HTTP_PROBLEMS[statusCode] ?? "malformed");
}

/** Bytes that are no HTTP, or that came too late: answered once, and the connection is over. */
export function answerNoHttp(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const problem = error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? "too-slow" : "malformed";
  const text = JSON.stringify(problemBody(problem));
  const head = [`HTTP/1.1 ${PROBLEMS[problem].status} refused`, `Content-Type: ${PROBLEM_TYPE}`, "Connection: close"];
  socket.end([...head, `Content-Length: ${Buffer.byteLength(text)}`, "", text].join("\r\n"));
}
