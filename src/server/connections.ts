import type { Server, Socket } from "node:net";

/** Connections at once, in all and from one address: a device needs two or three. */
const CONNECTION_LIMITS = { total: 4096, perAddress: 128 };

/** How long a server waits for whoever has connected, in milliseconds. The most a boot file server is kept waiting. */
export const PATIENCE = {
  /** For the end of a TLS handshake, and for the headers of a question. */
  headers: 10_000,
  /** For all of a question. */
  request: 15_000,
  /** For somebody who reads on, or asks again. */
  idle: 60_000,
  /** How often it looks at who is late. */
  look: 5_000,
};
export type Patience = typeof PATIENCE;

/**
 * One address gets its share of the connections and no more. Where all are taken, the oldest one of the address that has
 * most makes room: whoever holds hundreds open loses them to the devices, which have two or three.
 */
export function limitConnections(server: Server, { total, perAddress } = CONNECTION_LIMITS): void {
  const open = new Map<string, Set<Socket>>();
  let count = 0;
  server.on("connection", (socket: Socket) => {
    const from = socket.remoteAddress ?? "";
    const own = open.get(from) ?? new Set();
    open.set(from, own.add(socket));
    count += 1;
    socket.once("close", () => leave(socket, from));
    if (own.size > perAddress) socket.destroy();
    else if (count > total) makeRoom();
  });
  // A connection that could not be accepted, for want of a file descriptor: the next one may be.
  server.on("error", () => {});

  function leave(socket: Socket, from: string): void {
    const own = open.get(from);
    if (own === undefined || !own.delete(socket)) return;
    count -= 1;
    if (own.size === 0) open.delete(from);
  }

  function makeRoom(): void {
    const [from, sockets] = [...open].reduce((most, each) => (each[1].size > most[1].size ? each : most));
    const [oldest] = sockets;
    leave(oldest!, from);
    oldest!.destroy();
  }
}
