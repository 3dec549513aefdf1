import { createSocket } from "node:dgram";
import { begin, type DownloadOutput, step } from "../../src/tftp/download.ts";
import { decodeTftp } from "../../src/tftp/packet.ts";

/** An honest device: the product's own side of a download, at an address of loopback. Rejects if it is not served. */
export async function download(
  port: number,
  address: string,
  name: string,
  timeout = 20_000,
  station = "127.0.0.1",
): Promise<Uint8Array> {
  // Addresses are numeric: the last ACK is sent at once, and not after the socket was closed.
  const socket = createSocket({ type: "udp4", lookup: (host, _, done) => done(null, host, 4) });
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  const parts: Uint8Array[] = [];
  let timer: NodeJS.Timeout | undefined;
  const deadline = performance.now() + timeout;
  try {
    return await new Promise<Uint8Array>((resolve, reject) => {
      const { download: running, outputs } = begin(
        name,
        { blockSize: 1024, windowSize: 8, size: "too" },
        performance.now(),
      );
      const perform = (list: readonly DownloadOutput[]) => {
        for (const output of list) {
          if (output.kind === "data") parts.push(output.data.slice());
          else if (output.kind === "datagram") socket.send(output.bytes, output.port ?? port, station);
          else if (output.ending.kind === "finished") resolve(new Uint8Array(Buffer.concat(parts)));
          else reject(new Error(`the download ended: ${JSON.stringify(output.ending)}`));
        }
        clearTimeout(timer);
        if (performance.now() > deadline) reject(new Error("the download took too long"));
        const wait = running.deadline - performance.now();
        if (Number.isFinite(wait))
          timer = setTimeout(() => perform(step(running, "timer", performance.now())), wait + 1);
      };
      socket.on("error", () => {});
      socket.on("message", (bytes, from) =>
        perform(step(running, { packet: decodeTftp(bytes), port: from.port }, performance.now())),
      );
      perform(outputs);
    });
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}
