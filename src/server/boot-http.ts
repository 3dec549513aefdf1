import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Ipv4 } from "../wire/ipv4.ts";
import { limitConnections, PATIENCE, type Patience } from "./connections.ts";
import { listen } from "./listen.ts";
import type { Pacer } from "./pacer.ts";
import { sendBody } from "./send-body.ts";

/** What a path answers to this address: bytes, or null for a path nobody serves. */
type ResolveHttp = (path: string, from: Ipv4, method: "GET" | "HEAD") => Promise<Uint8Array | null> | Uint8Array | null;

interface BootHttpCounters {
  served: number;
  bytes: number;
  notFound: number;
  refused: number;
  malformed: number;
}

export interface BootHttp {
  readonly port: number;
  readonly counters: BootHttpCounters;
  /** Bytes sent to each address, for the figure "bytes over the wire". */
  readonly bytesTo: ReadonlyMap<Ipv4, number>;
  close(): Promise<void>;
}

/** Questions on one connection; firmware has two or three. */
const MOST_QUESTIONS = 32;

/**
 * Serves boot files from memory over plain HTTP: GET and HEAD of exact names, nothing else. There is no path to a file
 * system behind it, so there is nothing to traverse to.
 */
export async function startBootHttp(options: {
  readonly address: Ipv4;
  readonly port: number;
  readonly resolve: ResolveHttp;
  /** A body goes out; called back when that is over, `whole` if all of it went out. */
  readonly sending?: (path: string, from: Ipv4) => (whole: boolean) => void;
  /** Keeps to a budget; without one every body goes out in one piece, which is fastest. */
  readonly pacer?: Pacer | null;
  readonly patience?: Patience;
}): Promise<BootHttp> {
  const { headers: longest, request: whole, idle, look } = options.patience ?? PATIENCE;
  const counters: BootHttpCounters = { served: 0, bytes: 0, notFound: 0, refused: 0, malformed: 0 };
  const bytesTo = new Map<Ipv4, number>();
  /** Connections on which the last question was asked. */
  const last = new WeakSet<Socket>();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const from = (request.socket.remoteAddress ?? "").replace(/^::ffff:/, "") as Ipv4;
    request.resume();
    // Sent ahead: the connection ends after the answer before this one.
    if (last.has(request.socket)) return;
    const ends = request.method !== "HEAD";
    if (ends) last.add(request.socket);
    const headers = { "Cache-Control": "no-store", ...(ends ? { Connection: "close" } : {}) };
    if (request.method !== "GET" && request.method !== "HEAD") {
      counters.refused += 1;
      response.writeHead(405, { ...headers, Allow: "GET, HEAD" }).end();
      return;
    }
    // shim asks for `//grubx64.efi`; nothing else about the path is interpreted, not even percent signs.
    const path = (request.url ?? "").replace(/^\/+/, "");
    const bytes = await options.resolve(path, from, request.method);
    if (bytes === null) {
      counters.notFound += 1;
      response.writeHead(404, headers).end();
      return;
    }
    const length = { "Content-Length": bytes.length, "Content-Type": "application/octet-stream" };
    response.writeHead(200, { ...headers, ...length });
    counters.served += 1;
    if (request.method === "HEAD") response.end();
    else {
      const over = options.sending?.(path, from);
      if (over !== undefined) response.once("close", () => over(response.writableFinished));
      if (options.pacer) options.pacer.send(response, bytes, from);
      else sendBody(response, bytes);
      counters.bytes += bytes.length;
      bytesTo.set(from, (bytesTo.get(from) ?? 0) + bytes.length);
    }
  };

  const timeouts = { headersTimeout: longest, requestTimeout: whole, connectionsCheckingInterval: look };
  const server = createServer({ ...timeouts, maxHeaderSize: 8 * 1024 });
  server.on("request", (request, response) => {
    answer(request, response).catch(() => {
      counters.refused += 1;
      response.destroy();
    });
  });
  server.on("clientError", (_error, socket) => {
    counters.malformed += 1;
    socket.destroy();
  });
  // EDK2 before 2022 sends its GET on the connection of its HEAD, and does not open another one if that is closed. A GET
  // ends the connection: bodies sent ahead would all be answered into memory at once.
  server.maxRequestsPerSocket = MOST_QUESTIONS;
  server.keepAliveTimeout = idle;
  limitConnections(server);
  // A device that stops reading must not hold its connection for ever.
  server.setTimeout(idle);
  const port = await listen(server, options.address, options.port, "HTTP");
  return { port, counters, bytesTo, close: () => closeServer(server) };
}

async function closeServer(server: ReturnType<typeof createServer>): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
