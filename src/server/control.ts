import type { Ipv4 } from "../wire/ipv4.ts";
import type { Patience } from "./connections.ts";
import { listenSecurely, secureServer } from "./https.ts";
import type { StationTls } from "./tls.ts";

/** Answers one agent message. `secret` is the bearer secret of the connection's header, 64 hex digits. */
export type AnswerAgent = (verb: string, message: string, secret: string, from: Ipv4) => Promise<string>;

interface ControlCounters {
  answered: number;
  unauthorised: number;
  malformed: number;
  failed: number;
}

export interface ControlPlane {
  readonly port: number;
  readonly counters: ControlCounters;
  close(): Promise<void>;
}

const BODY_LIMIT = 64 * 1024;

/** The HTTPS control plane: the agent API, nothing else. TLS 1.2 or later, certificate from the station's own CA. */
export async function startControlPlane(options: {
  readonly address: Ipv4;
  readonly port: number;
  readonly tls: StationTls;
  readonly answer: AnswerAgent;
  /** A TLS handshake that was broken off, mostly by a device that does not accept the station's certificate. */
  readonly onHandshakeRefused?: (from: Ipv4) => void;
  /** Told about a fault of our own; the agent is answered 500 and asks again. */
  readonly onFault: (error: Error) => void;
  readonly patience?: Patience;
}): Promise<ControlPlane> {
  const counters: ControlCounters = { answered: 0, unauthorised: 0, malformed: 0, failed: 0 };
  const app = secureServer({
    tls: options.tls,
    bodyLimit: BODY_LIMIT,
    patience: options.patience,
    onMalformed: () => {
      counters.malformed += 1;
    },
  });
  app.server.on("tlsClientError", (_error, socket) => {
    if (socket.remoteAddress !== undefined) options.onHandshakeRefused?.(socket.remoteAddress as Ipv4);
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("text/plain", { parseAs: "string" }, (_request, body, done) => done(null, body));

  app.post<{ Params: { verb: string }; Body: string }>("/agent/v1/:verb", async (request, reply) => {
    const secret = /^Bearer ([0-9a-f]{64})$/.exec(request.headers.authorization ?? "")?.[1];
    reply.type("text/plain; charset=utf-8").header("Cache-Control", "no-store");
    if (secret === undefined) {
      counters.unauthorised += 1;
      return reply.code(401).send("a session secret is needed\n");
    }
    // Unknown where the agent has closed its connection already; it asks again, and what it asks goes by its address.
    const from = request.ip as Ipv4 | undefined;
    if (from === undefined) {
      counters.malformed += 1;
      return reply.code(400).send("gone\n");
    }
    const answer = await options.answer(request.params.verb, request.body ?? "", secret, from);
    counters.answered += 1;
    return reply.send(answer);
  });
  app.setNotFoundHandler((_request, reply) => {
    counters.malformed += 1;
    return reply.code(404).type("text/plain").send("nothing here\n");
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) counters.malformed += 1;
    else {
      counters.failed += 1;
      options.onFault(error);
    }
    return reply
      .code(status)
      .type("text/plain")
      .send(status < 500 ? "refused\n" : "the station failed; ask again\n");
  });
  const port = await listenSecurely(app, options.address, options.port);
  return { port, counters, close: () => app.close() };
}
