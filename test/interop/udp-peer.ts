import { createSocket, type Socket } from "node:dgram";
import { setTimeout as pause } from "node:timers/promises";

/** A UDP socket on loopback that keeps what it is sent. */
export class UdpPeer {
  readonly received: { readonly bytes: Uint8Array; readonly port: number }[] = [];
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (bytes, { port }) => this.received.push({ bytes: new Uint8Array(bytes), port }));
  }

  static async open(address = "127.0.0.1"): Promise<UdpPeer> {
    const socket = createSocket("udp4");
    const peer = new UdpPeer(socket);
    await new Promise<void>((resolve) => socket.bind(0, address, resolve));
    return peer;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  send(bytes: Uint8Array, port: number): void {
    this.#socket.send(bytes, port, "127.0.0.1");
  }

  /** Waits until so many datagrams are there in all. */
  async until(count: number, milliseconds = 3000): Promise<void> {
    const end = performance.now() + milliseconds;
    while (this.received.length < count) {
      if (performance.now() > end) throw new Error(`${this.received.length} of ${count} datagrams came`);
      await pause(2);
    }
  }

  close(): void {
    this.#socket.close();
  }
}
