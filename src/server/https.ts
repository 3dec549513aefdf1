import type { AddressInfo } from "node:net";
import fastify, { type FastifyInstance, type FastifyServerOptions } from "fastify";
import type { Ipv4 } from "../wire/ipv4.ts";
import { limitConnections, PATIENCE, type Patience } from "./connections.ts";
import { portRefused } from "./listen.ts";
import type { StationTls } from "./tls.ts";

interface HttpsOptions {
  readonly tls: StationTls;
  /** Bytes of a body at most, where a route says nothing else. */
  readonly bodyLimit: number;
  readonly patience?: Patience | undefined;
  /** Bytes that were no TLS or no HTTP. */
  readonly onMalformed: () => void;
  /** What a question that is no HTTP, or came too late, is answered; fastify's own words unless given. */
  readonly clientErrorHandler?: NonNullable<FastifyServerOptions["clientErrorHandler"]>;
  /** What a path that cannot be decoded is answered; fastify's own words, which repeat it, unless given. */
  readonly frameworkErrors?: NonNullable<FastifyServerOptions["frameworkErrors"]>;
}

/** An HTTPS server without routes: TLS 1.2 or later, and nobody can hold it up. Both of the station's are made here. */
export function secureServer(options: HttpsOptions): FastifyInstance {
  const { headers, request: whole, idle, look } = options.patience ?? PATIENCE;
  const app: FastifyInstance = fastify({
    https: {
      key: options.tls.privateKeyPem,
      cert: options.tls.certificatePem,
      minVersion: "TLSv1.2" as const,
      handshakeTimeout: headers,
      headersTimeout: headers,
      connectionsCheckingInterval: look,
      maxHeaderSize: 8 * 1024,
    },
    logger: false,
    bodyLimit: options.bodyLimit,
    // Answers are short, and whoever asks again soon need not connect again.
    connectionTimeout: idle / 2,
    requestTimeout: whole,
    keepAliveTimeout: idle / 12,
    maxRequestsPerSocket: 64,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    ...(options.frameworkErrors && { frameworkErrors: options.frameworkErrors }),
    ...(options.clientErrorHandler && { clientErrorHandler: options.clientErrorHandler }),
  });
  limitConnections(app.server);
  app.server.on("clientError", options.onMalformed);
  app.server.on("tlsClientError", options.onMalformed);
  return app;
}

/** Listens on exactly this address and port; resolves to the port (0 asks for any). */
export async function listenSecurely(
  app: FastifyInstance,
  address: Ipv4,
  port: number,
  what = "HTTPS",
): Promise<number> {
  try {
    await app.listen({ host: address, port });
  } catch (error) {
    throw portRefused(what, address, port, error as NodeJS.ErrnoException);
  }
  return (app.server.address() as AddressInfo).port;
}
