import { createSocket, type Socket } from "node:dgram";
import { type AddressInfo, createServer, type Server } from "node:net";
import type { Ipv4 } from "../wire/ipv4.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";

const CAUSES: Readonly<Record<string, string>> = {
  EADDRINUSE: "Another program holds it, or another station: find it with `ss -lunpt`, stop it, start again.",
  EACCES: "Ports below 1024 need root: start with sudo, and name the same --state as before.",
  EADDRNOTAVAIL: "This machine does not have that address: name an interface that is up.",
};

/** What an operator is told when a port cannot be had. */
export function portRefused(what: string, address: Ipv4, port: number, error: NodeJS.ErrnoException): OperatorError {
  const next = CAUSES[error.code ?? ""] ?? error.message;
  return new OperatorError(
    `Cannot serve ${what} on ${address}:${port}. Nothing was started.`,
    next,
    ExitCode.environment,
  );
}

/** Throws, as `listen` and `bind` would, if one of these ports cannot be had now; leaves them all free again. */
export async function tryPorts(
  address: Ipv4,
  ports: {
    readonly dhcp: number;
    readonly bootServer: number;
    readonly tftp: number;
    readonly http: number;
    readonly https: number;
  },
): Promise<void> {
  for (const [what, port] of [
    ["HTTPS", ports.https],
    ["HTTP", ports.http],
  ] as const) {
    await tryPort(address, port, what);
  }
  for (const [what, port] of [
    ["TFTP", ports.tftp],
    ["DHCP", ports.dhcp],
    ["the PXE boot server", ports.bootServer],
  ] as const) {
    const socket = createSocket("udp4");
    try {
      await bind(socket, address, port, what);
    } finally {
      await new Promise<void>((closed) => socket.close(closed));
    }
  }
}

/** Throws if this TCP port cannot be had now; leaves it free again. */
export async function tryPort(address: Ipv4, port: number, what: string): Promise<void> {
  const server = createServer();
  await listen(server, address, port, what);
  await new Promise((closed) => server.close(closed));
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
