import { createSocket, type Socket } from "node:dgram";
import type { Ipv4 } from "../wire/ipv4.ts";
import { openKernelPort } from "./kernel-port.ts";

/** Where a datagram came from. */
export interface Peer {
  readonly address: Ipv4;
  readonly port: number;
}

/** A UDP port of the station's own that talks with one port of one device. */
export interface DevicePort {
  /** How many datagrams of the size agreed on one `send` may carry; the network gets them one by one. */
  readonly most: number;
  /**
   * Sends the first `length` bytes of `bytes`, which may be overwritten afterwards. False if nothing was sent because this
   * network does not take so many at once: `most` is 1 from here on.
   */
  send(bytes: Uint8Array, length: number): boolean;
  close(): void;
}

export interface DevicePortOptions {
  /** The address the question came in on: answers must leave from it. */
  readonly address: Ipv4;
  readonly to: Peer;
  /** Length of the datagrams that a longer `send` is cut into; null if each is sent by itself. */
  readonly cutAt: number | null;
  readonly onOpen: (port: DevicePort) => void;
  /** The bytes are the port's own again afterwards. `now`: when they were taken in, milliseconds of `performance.now()`. */
  readonly onMessage: (bytes: Uint8Array, now: number) => void;
  /** A code such as ECONNREFUSED: nothing listens at the device's port (ICMP). May come before `onOpen`, and ends it. */
  readonly onError: (code: string, message: string) => void;
}

/**
 * Opens a port of its own, connected to the device's: the kernel then drops what others send, looks up the route once, and
 * reports a closed port (ICMP). By the kernel's own calls where they can be had, else by `node:dgram`.
 */
export function openDevicePort(options: DevicePortOptions): void {
  if (!openKernelPort(options)) new DgramPort(options);
}

/** Bytes that may wait for room in the kernel: the longest window there is. More is lost, and made good like any other. */
const MOST_WAITING = 64 * 65_507;

/** The same by `node:dgram` alone: one call, and one event, for each datagram. */
export class DgramPort implements DevicePort {
  readonly most = 1;
  readonly #socket: Socket;

  constructor({ address, to, onOpen, onMessage, onError }: DevicePortOptions) {
    // Addresses are numeric already; by default each would go through the resolver.
    this.#socket = createSocket({ type: "udp4", lookup: (name, _, done) => done(null, name, 4) });
    let isOpen = false;
    const fail = (error: NodeJS.ErrnoException) => {
      // Nobody was given it to close.
      if (!isOpen) this.#socket.close();
      onError(error.code ?? "", error.message);
    };
    this.#socket.on("message", (bytes) => onMessage(bytes, performance.now()));
    this.#socket.on("error", (error: NodeJS.ErrnoException) => {
      // No room in the interface's queue, a firewall, a cable that was pulled: a lost datagram, made good like any other.
      if (error.syscall !== "send" || error.code === "ECONNREFUSED") fail(error);
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
    this.#socket.close();
  }
}
