import { createSocket, type Socket } from "node:dgram";
import type { DevicePort, DevicePortOptions } from "./device-port.ts";

/** Bytes that may wait for room in the kernel: the longest window there is. More is lost, and made good like any other. */
const MOST_WAITING = 64 * 65_507;

/** A device's port by `node:dgram` alone: one call, and one event, for each datagram. */
export class DgramPort implements DevicePort {
  readonly most = 1;
  readonly #socket: Socket;
  #closed = false;

  constructor({ address, to, onOpen, onMessage, onError }: DevicePortOptions) {
    // Addresses are numeric already; by default each would go through the resolver.
    this.#socket = createSocket({ type: "udp4", lookup: (name, _, done) => done(null, name, 4) });
    let isOpen = false;
    let failed = false;
    const fail = (error: NodeJS.ErrnoException) => {
      // Nobody was given it to close.
      if (!isOpen) this.#socket.close();
      onError(error.code ?? "", error.message);
    };
    // The kernel tells of a closed port before it gives out what came before that: the ACK of the whole file, as a rule.
    // Node reads that in its next turn.
    const failWhenRead = (error: NodeJS.ErrnoException) => {
      if (failed) return;
      failed = true;
      setImmediate(() =>
        setImmediate(() => {
          if (!this.#closed) fail(error);
        }),
      );
    };
    this.#socket.on("message", (bytes) => onMessage(bytes, performance.now()));
    this.#socket.on("error", (error: NodeJS.ErrnoException) => {
      // A router's word that a datagram was too large (ICMP): a lost one. The kernel fragments those that follow.
      if (error.code === "EMSGSIZE") return;
      // No room in the interface's queue, a firewall, a cable that was pulled: a lost datagram, made good like any other.
      if (error.syscall !== "send" || error.code === "ECONNREFUSED") failWhenRead(error);
    });
    this.#socket.bind({ address, port: 0, exclusive: true }, () =>
      // A forged source that there is no route to is told here, and nowhere else.
      this.#socket.connect(to.port, to.address, (error?: NodeJS.ErrnoException) => {
        if (error !== undefined) return fail(error);
        isOpen = true;
        onOpen(this);
      }),
    );
  }

  send(bytes: Uint8Array, length: number): boolean {
    // The kernel copies at once only if it has room; else the socket holds on to the bytes until it has.
    if (this.#socket.getSendQueueSize() < MOST_WAITING) this.#socket.send(Buffer.from(bytes.subarray(0, length)));
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#socket.close();
  }
}
