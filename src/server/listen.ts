import type { Socket } from "node:dgram";
import type { AddressInfo, Server } from "node:net";
import type { Ipv4 } from "../wire/ipv4.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";

const CAUSES: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program holds it: find it with `ss -lunpt`, stop it, start again",
  EACCES: "ports below 1024 need root: start with sudo, or grant CAP_NET_BIND_SERVICE to the program",
  EADDRNOTAVAIL: "this machine does not have that address: name an interface that is up",
};

/** What an operator is told when a port cannot be had. */
export function portRefused(what: string, address: Ipv4, port: number, error: NodeJS.ErrnoException): OperatorError {
  const next = CAUSES[error.code ?? ""] ?? error.message;
  return new OperatorError(
    `cannot serve ${what} on ${address}:${port}; nothing was started`,
    next,
    ExitCode.environment,
  );
}

/** Listens on exactly this address and port; resolves to the port (0 asks for any). */
export function listen(server: Server, address: Ipv4, port: number, what: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(portRefused(what, address, port, error)));
    server.listen(port, address, () => resolve((server.address() as AddressInfo).port));
  });
}

/** Binds a UDP socket to exactly this address and port. */
export function bind(socket: Socket, address: Ipv4, port: number, what: string): Promise<number> {
  return new Promise((resolve, reject) => {
    socket.once("error", (error) => reject(portRefused(what, address, port, error)));
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeAllListeners("error");
      resolve(socket.address().port);
    });
  });
}
