import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { begin, type Download, type DownloadOutput, step } from "../../tftp/download.ts";
import { decodeTftp } from "../../tftp/packet.ts";
import type { Ipv4 } from "../../wire/ipv4.ts";
import { MalformedError } from "../../wire/malformed.ts";
import { BootFailed } from "./comparison.ts";

const TFTP = 69;
/** Larger windows than firmware asks for (EDK2: 4, GRUB and shim: none): the bytes are the load here, not the packets. */
const ASKED = { blockSize: 1468, windowSize: 16, size: "too" } as const;

/**
 * Reads a file from the device's own address and gives each piece to `take` as it comes. From a port of its own (RFC 1350
 * section 4): a late block of one file must not be taken for the first of the next. Throws BootFailed with the reason if
 * the file does not come.
 */
export async function readTftp(
  options: { readonly station: Ipv4; readonly address: Ipv4; readonly name: string },
  take: (data: Uint8Array) => void,
): Promise<void> {
  const socket = createSocket("udp4");
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(0, options.address, resolve);
    });
    socket.on("error", () => {});
    await run(socket, options.station, options.name, take);
  } finally {
    socket.close();
  }
}

function run(socket: Socket, station: Ipv4, name: string, take: (data: Uint8Array) => void): Promise<void> {
  const { download, outputs } = begin(name, ASKED, performance.now());
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | null = null;
    const finish = (error: Error | null) => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      if (error === null) resolve();
      else reject(error);
    };
    const act = (all: readonly DownloadOutput[]) => {
      for (const output of all) {
        if (output.kind === "datagram") socket.send(output.bytes, output.port ?? TFTP, station, () => {});
        else if (output.kind === "data") take(output.data);
        else return finish(failure(name, output.ending));
      }
    };
    const wake = () => {
      act(step(download, "timer", performance.now()));
      if (timer !== null) timer = setTimeout(wake, untilDeadline(download));
    };
    socket.on("message", (bytes: Buffer, { port }: RemoteInfo) => {
      try {
        act(step(download, { packet: decodeTftp(bytes), port }, performance.now()));
      } catch (error) {
        if (!(error instanceof MalformedError)) finish(error as Error);
      }
    });
    timer = setTimeout(wake, untilDeadline(download));
    act(outputs);
  });
}

function untilDeadline({ deadline }: Download): number {
  return Math.max(1, Math.min(deadline - performance.now(), 60_000));
}

function failure(name: string, ending: Extract<DownloadOutput, { kind: "ended" }>["ending"]): BootFailed | null {
  if (ending.kind === "finished") return null;
  return new BootFailed(`TFTP ${name}: ${ending.kind === "refused" ? ending.message : ending.reason}`);
}
