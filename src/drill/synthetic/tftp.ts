import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { begin, type Download, type DownloadOutput, step } from "../../tftp/download.ts";
import { decodeTftp } from "../../tftp/packet.ts";
import type { Ipv4 } from "../../wire/ipv4.ts";
import { MalformedError } from "../../wire/malformed.ts";
import { BootFailed } from "./comparison.ts";

const TFTP = 69;
/** Larger windows than firmware asks for (EDK2: 4, GRUB and shim: none): the bytes are the load here, not the packets. */
const ASKED = { blockSize: 1468, windowSize: 16, size: "too" } as const;

/** One device's TFTP, from one socket bound to its address. */
export class TftpReader {
  readonly #socket: Socket;
  readonly #station: Ipv4;

  private constructor(socket: Socket, station: Ipv4) {
    this.#socket = socket;
    this.#station = station;
  }

  static open(address: Ipv4, station: Ipv4): Promise<TftpReader> {
    const socket = createSocket("udp4");
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(0, address, () => {
        socket.on("error", () => {});
        resolve(new TftpReader(socket, station));
      });
    });
  }

  /** Gives each piece of the file to `take` as it comes. Throws BootFailed with the reason if the file does not come. */
  read(name: string, take: (data: Uint8Array) => void): Promise<void> {
    const socket = this.#socket;
    const { download, outputs } = begin(name, ASKED, performance.now());
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | null = null;
      const finish = (error: Error | null) => {
        if (timer !== null) clearTimeout(timer);
        timer = null;
        socket.off("message", hear);
        if (error === null) resolve();
        else reject(error);
      };
      const act = (all: readonly DownloadOutput[]) => {
        for (const output of all) {
          if (output.kind === "datagram") socket.send(output.bytes, output.port ?? TFTP, this.#station, () => {});
          else if (output.kind === "data") take(output.data);
          else return finish(failure(name, output.ending));
        }
      };
      const hear = (bytes: Buffer, { port }: RemoteInfo) => {
        try {
          act(step(download, { packet: decodeTftp(bytes), port }, performance.now()));
        } catch (error) {
          if (!(error instanceof MalformedError)) finish(error as Error);
        }
      };
      const wake = () => {
        act(step(download, "timer", performance.now()));
        if (timer !== null) timer = setTimeout(wake, untilDeadline(download));
      };
      socket.on("message", hear);
      timer = setTimeout(wake, untilDeadline(download));
      act(outputs);
    });
  }

  close(): void {
    this.#socket.close();
  }
}

function untilDeadline({ deadline }: Download): number {
  return Math.max(1, Math.min(deadline - performance.now(), 60_000));
}

function failure(name: string, ending: Extract<DownloadOutput, { kind: "ended" }>["ending"]): BootFailed | null {
  if (ending.kind === "finished") return null;
  return new BootFailed(`TFTP ${name}: ${ending.kind === "refused" ? ending.message : ending.reason}`);
}
