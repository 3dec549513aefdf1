import { connect, type Socket } from "node:net";

/** QEMU's machine protocol (QMP) over its Unix socket: one command at a time, its answer, events dropped. */
export class Monitor {
  readonly #socket: Socket;
  readonly #waiting: ((answer: { return?: unknown; error?: { desc: string } }) => void)[] = [];
  #text = "";

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => this.#take(chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      for (const wake of this.#waiting.splice(0)) wake({ error: { desc: "the device is off" } });
    });
  }

  /** Connects, retrying while QEMU makes the socket; throws when `timeout` milliseconds are over. */
  static async connect(path: string, timeout = 5000): Promise<Monitor> {
    for (let left = timeout; ; left -= 50) {
      try {
        const socket = connect(path);
        await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
        const monitor = new Monitor(socket);
        await monitor.ask("qmp_capabilities");
        return monitor;
      } catch (error) {
        if (left <= 0) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  async ask(command: string, args: Record<string, unknown> = {}): Promise<unknown> {
    const answer = await new Promise<{ return?: unknown; error?: { desc: string } }>((resolve) => {
      this.#waiting.push(resolve);
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    });
    if (answer.error !== undefined) throw new Error(`${command}: ${answer.error.desc}`);
    return answer.return;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: string): void {
    this.#text += chunk;
    for (let end = this.#text.indexOf("\n"); end >= 0; end = this.#text.indexOf("\n")) {
      const message = JSON.parse(this.#text.slice(0, end)) as Record<string, unknown>;
      this.#text = this.#text.slice(end + 1);
      if ("return" in message || "error" in message) this.#waiting.shift()?.(message);
    }
  }
}
