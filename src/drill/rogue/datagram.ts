import { createSocket, type Socket } from "node:dgram";

/** A UDP socket that remembers what it was sent. */
export class Datagrams {
  readonly received: { readonly bytes: Buffer; readonly from: string; readonly port: number }[] = [];
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (bytes, { address, port }) => this.received.push({ bytes, from: address, port }));
    socket.on("error", () => {});
  }

  /** Bound to `port` (0: any) of `address`. */
  static open(address: string, port: number): Promise<Datagrams> {
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(port, address, () => {
        socket.setBroadcast(true);
        resolve(new Datagrams(socket));
      });
    });
  }

  /** Sends; a datagram that the kernel refuses to send is only not sent. */
  send(bytes: Uint8Array, address: string, port: number): Promise<void> {
    return new Promise((resolve) => this.#socket.send(bytes, port, address, () => resolve()));
  }

  /** The first datagram from `from` on that comes within `timeout` milliseconds, or null. */
  async next(from: number, timeout = 1500): Promise<Datagrams["received"][number] | null> {
    for (let left = timeout; left > 0; left -= 20) {
      const datagram = this.received[from];
      if (datagram !== undefined) return datagram;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return null;
  }

  close(): void {
    this.#socket.close();
  }
}
