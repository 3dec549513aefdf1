import { connect } from "node:net";
import type { Ipv4 } from "../../wire/ipv4.ts";
import { BootFailed } from "./comparison.ts";

/** A device's own HTTP client, in the words of GRUB 2.12. One buffer serves all of them: a piece is used as it comes. */
const PIECE = Buffer.alloc(1 << 20);
const SILENCE_MS = 60_000;

/** GETs `path` from the device's own address and gives each piece of the body to `take`. Throws BootFailed. */
export function get(
  options: { readonly station: Ipv4; readonly address: Ipv4; readonly path: string },
  take: (data: Uint8Array) => void,
): Promise<void> {
  const { station, address, path } = options;
  return new Promise((resolve, reject) => {
    let head = "";
    let left: number | null = null;
    const failed = (why: string) => finish(new BootFailed(`HTTP ${path}: ${why}`));
    const hear = (count: number, buffer: Uint8Array): boolean => {
      try {
        let bytes = buffer.subarray(0, count);
        if (left === null) {
          const before = head.length;
          head += Buffer.from(bytes).toString("latin1");
          const end = head.indexOf("\r\n\r\n");
          if (end < 0) return true;
          bytes = bytes.subarray(end + 4 - before);
          left = lengthOf(head.slice(0, end));
          if (left === null) failed(head.split("\r\n", 1)[0]!);
        }
        if (left === null || bytes.length === 0) return true;
        left -= bytes.length;
        take(bytes);
        if (left <= 0) finish(null);
      } catch (error) {
        finish(error as Error);
      }
      return true;
    };
    const socket = connect({
      ...{ host: station, port: 80, localAddress: address },
      onread: { buffer: PIECE, callback: hear },
    });
    const finish = (error: Error | null) => {
      socket.destroy();
      if (error === null) resolve();
      else reject(error);
    };
    socket.setTimeout(SILENCE_MS, () => failed("silence"));
    socket.on("error", ({ message }) => failed(message));
    socket.on("close", () => failed("the station hung up"));
    socket.write(`GET /${path} HTTP/1.1\r\nHost: ${station}\r\nUser-Agent: GRUB 2.12\r\n\r\n`);
  });
}

/** The body's length if the answer is 200, else null. */
function lengthOf(head: string): number | null {
  const length = /\r\nContent-Length: ([0-9]+)/.exec(head)?.[1];
  return head.startsWith("HTTP/1.1 200 ") && length !== undefined ? Number(length) : null;
}
