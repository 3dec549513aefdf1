import type { Server, Socket } from "node:net";

/** Connections at once, in all and from one address: a device needs two or three. */
export const CONNECTION_LIMITS = { total: 4096, perAddress: 128 };

/** Closes what one address opens beyond its share, so that one machine cannot take them all. */
export function limitConnections(server: Server, { total, perAddress } = CONNECTION_LIMITS): void {
  const open = new Map<string, number>();
  server.maxConnections = total;
  server.on("connection", (socket: Socket) => {
    const from = socket.remoteAddress ?? "";
    const count = (open.get(from) ?? 0) + 1;
    open.set(from, count);
    socket.once("close", () => {
      const left = open.get(from)! - 1;
      if (left === 0) open.delete(from);
      else open.set(from, left);
    });
    if (count > perAddress) socket.destroy();
  });
}
