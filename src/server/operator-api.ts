import { randomBytes } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { openApi } from "../api/openapi.ts";
import { PROBLEMS, type ProblemReason } from "../api/problem.ts";
import { ROUTES, type Route, type RouteName } from "../api/route.ts";
import { type OperatorToken, tokenFault } from "../api/token.ts";
import { hashOfTokenText } from "../api/token-text.ts";
import { ApiAnswers, type ApiOptions, type Outcome, type Refusal } from "../station/api-answers.ts";
import { ApiCalls } from "../station/api-calls.ts";
import { ApiReports } from "../station/api-reports.ts";
import { VaultCounts } from "../station/vault-counts.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import { VERSION } from "../wire/version.ts";
import type { Patience } from "./connections.ts";
import { listenSecurely, secureServer } from "./https.ts";
import {
  answerNoHttp,
  bearer,
  idempotencyKey,
  misread,
  problemOf,
  sendJson,
  sendProblem,
} from "./operator-api-reply.ts";
import type { StationTls } from "./tls.ts";

export interface OperatorApi {
  readonly url: string;
  readonly port: number;
  counters(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

export interface OperatorApiOptions extends ApiOptions {
  readonly address: Ipv4;
  readonly port: number;
  readonly tls: StationTls;
  /** Told about a fault of our own. */
  readonly onFault: (error: Error) => void;
  readonly patience?: Patience;
}

const BODY_LIMIT = 16 * 1024;
/** Some twenty thousand devices. Reading four times as much can take ten seconds, in which nothing else is done. */
const INVENTORY_LIMIT = 1024 * 1024;
const JSON_TYPE = "application/json; charset=utf-8";

/** The operator API: HTTPS with the station's own CA, and a token for every route that tells anything. */
export async function startOperatorApi(options: OperatorApiOptions): Promise<OperatorApi> {
  const door = new Door(options);
  const counts = new VaultCounts(options.vault, options.now);
  const answers = new ApiAnswers(options, counts);
  const reports = new ApiReports(options, counts);
  const app = secureServer({
    ...{ tls: options.tls, bodyLimit: BODY_LIMIT, patience: options.patience, clientErrorHandler: answerNoHttp },
    onMalformed: () => {
      door.counters.malformed += 1;
    },
    frameworkErrors: (_error, _request, reply) => void door.refuse(reply, { problem: "malformed" }),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, app.getDefaultJsonParser("error", "error"));
  app.addContentTypeParser("text/csv", { parseAs: "buffer" }, (_request, body, done) => done(null, body));

  door.open(app, "status", () => answers.status());
  door.open(app, "lookup", ({ body }) => {
    const parsed = ROUTES.lookup.request.safeParse(body);
    return parsed.success ? answers.lookup(parsed.data) : misread(parsed.error.issues);
  });
  door.open(app, "release", (request, token) => {
    const parsed = ROUTES.release.request.safeParse(request.body);
    if (!parsed.success) return misread(parsed.error.issues);
    const key = idempotencyKey(request);
    return key === null ? { problem: "idempotency-key-missing" } : answers.release(parsed.data, token, key);
  });
  door.open(app, "coverage", () => reports.coverage());
  door.open(app, "coverage-of", ({ body }) => reports.coverageOf(body as Buffer), INVENTORY_LIMIT);
  door.open(app, "rotation", () => reports.rotation());
  const description = `${JSON.stringify(openApi(VERSION), null, 2)}\n`;
  app.get(ROUTES.openapi.path, (_request, reply) => sendJson(reply, JSON_TYPE, description));
  app.setNotFoundHandler((_request, reply) => door.refuse(reply, { problem: "not-found" }));
  app.setErrorHandler((error: Error, request, reply) => door.failed(error, request, reply));

  const port = await listenSecurely(app, options.address, options.port, "the operator API");
  return { port, url: `https://${options.address}:${port}`, counters: () => door.counted(), close: () => app.close() };
}

const WRONG_TYPE: Refusal = { problem: "wrong-content-type" };

type Answer = (request: FastifyRequest, token: OperatorToken) => Outcome | Promise<Outcome>;

/** Who may come in, and what is written down of each call. */
class Door {
  readonly counters = { answered: 0, refused: 0, unauthorised: 0, malformed: 0, failed: 0 };
  readonly #options: OperatorApiOptions;
  readonly #calls: ApiCalls;
  readonly #callers = new WeakMap<FastifyRequest, { readonly token: OperatorToken; readonly route: RouteName }>();

  constructor(options: OperatorApiOptions) {
    this.#options = options;
    this.#calls = new ApiCalls(options, () => `api:${randomBytes(12).toString("hex")}`);
  }

  /** A route that wants a token. It is asked for before a byte of the body is read, and again when all of it is there. */
  open(app: FastifyInstance, route: RouteName, answer: Answer, bodyLimit = BODY_LIMIT): void {
    const { method, path: url, scope, request: wants }: Route = ROUTES[route];
    app.route({
      bodyLimit,
      ...{ method, url },
      onRequest: async (request, reply) => {
        if (request.url.includes("?")) return this.refuse(reply, { problem: "not-found" });
        const token = await this.#caller(request);
        if (typeof token === "string") return this.refuse(reply, { problem: token });
        const limited = await this.#calls.take(token, route);
        if (limited !== null) return this.refuse(reply, { problem: limited, retryAfter: 60 });
        this.#callers.set(request, { token, route });
        if (scope !== null && !token.scopes.includes(scope))
          return this.#conclude(reply, token, route, {
            problem: "scope-missing",
            detail: `it takes the scope ${scope}`,
          });
      },
      handler: async (request, reply) => {
        const token = await this.#caller(request);
        if (typeof token === "string") return this.refuse(reply, { problem: token });
        const fits = wants === null || (wants === "text/csv") === Buffer.isBuffer(request.body);
        return this.#conclude(reply, token, route, fits ? await answer(request, token) : WRONG_TYPE);
      },
    });
  }

  refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
    const { status } = PROBLEMS[refusal.problem];
    this.counters[status === 401 ? "unauthorised" : status >= 500 ? "failed" : "refused"] += 1;
    return sendProblem(reply, refusal);
  }

  /** A body that cannot be taken, or a fault of ours: an entry too, if it is known by now who asked. */
  async failed(error: Error, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const problem = problemOf(error);
    if (problem === "fault") this.#options.onFault(error);
    const caller = this.#callers.get(request);
    if (caller === undefined) return this.refuse(reply, { problem });
    return this.#conclude(reply, caller.token, caller.route, { problem });
  }

  counted(): Readonly<Record<string, number>> {
    return { ...this.counters, ...this.#calls.counters };
  }

  async #caller(request: FastifyRequest): Promise<OperatorToken | ProblemReason> {
    const text = bearer(request);
    if (text === null) return this.#calls.stranger("token-missing", request.ip as Ipv4, null);
    if ((await this.#calls.catchUp()) !== null) return "ledger-unavailable";
    const { tokens } = this.#options.desk.state;
    const token = tokens.byHash.get(hashOfTokenText(text));
    const fault = tokenFault(tokens, token, this.#options.now());
    return fault === null ? token! : this.#calls.stranger(fault, request.ip as Ipv4, token ?? null);
  }

  /** Written down, then said. */
  async #conclude(reply: FastifyReply, token: OperatorToken, route: RouteName, came: Outcome): Promise<FastifyReply> {
    const outcome = await this.#calls.written(token, route, came);
    if ("problem" in outcome) return this.refuse(reply, outcome);
    this.counters.answered += 1;
    return sendJson(reply, JSON_TYPE, JSON.stringify(outcome.answer));
  }
}
