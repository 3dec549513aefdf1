import { begin, type Download, type DownloadOptions, step } from "../../src/tftp/download.ts";
import { decodeTftp, encodeTftp } from "../../src/tftp/packet.ts";
import type { Device, Send } from "./simulated-network.ts";

/** Our own side (tftp/download.ts). Like a socket that is kept open, it goes on answering after the end. */
export class OurDevice implements Device {
  readonly #asked: DownloadOptions;
  readonly #name: string;
  readonly #data: Uint8Array[] = [];
  download: Download | undefined;

  constructor(asked: DownloadOptions, name = "file") {
    this.#asked = asked;
    this.#name = name;
  }

  get deadline(): number {
    return this.download?.deadline ?? Number.POSITIVE_INFINITY;
  }
  received(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#data));
  }

  begin(now: number, send: Send): void {
    const { download, outputs } = begin(this.#name, this.#asked, now);
    this.download = download;
    this.#perform(outputs, send);
  }
  hear(bytes: Uint8Array, port: number, now: number, send: Send): void {
    this.#perform(step(this.download!, { packet: decodeTftp(bytes), port }, now), send);
  }
  expire(now: number, send: Send): void {
    this.#perform(step(this.download!, "timer", now), send);
  }

  #perform(outputs: ReturnType<typeof step>, send: Send): void {
    for (const output of outputs) {
      if (output.kind === "datagram") send(output.bytes, output.port);
      else if (output.kind === "data") this.#data.push(output.data);
    }
  }
}

const EDK2_TIMEOUT_MS = 4000;
const EDK2_TRIES = 6;

/**
 * A receiver with the habit of EDK2 that makes a server with a window an apprentice: it keeps only the block it waits
 * for, and answers *every* other one with the last ACK (Mtftp4Rrq.c, Mtftp4RrqHandleData).
 */
export class Edk2Device implements Device {
  deadline = Number.POSITIVE_INFINITY;
  readonly #blockSize: number;
  readonly #windowSize: number;
  readonly #blocks: Uint8Array[] = [];
  #port: number | null = null;
  #last: Uint8Array;
  #sinceAcknowledged = 0;
  #tries = 0;
  #complete = false;

  constructor({ blockSize, windowSize }: { readonly blockSize: number; readonly windowSize: number }) {
    this.#blockSize = blockSize;
    this.#windowSize = windowSize;
    const options = [["blksize", `${blockSize}`] as const, ["windowsize", `${windowSize}`] as const];
    this.#last = encodeTftp({ opcode: "RRQ", filename: "file", mode: "octet", options });
  }

  received(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#blocks));
  }

  begin(now: number, send: Send): void {
    this.deadline = now + EDK2_TIMEOUT_MS;
    send(this.#last, null);
  }
  hear(bytes: Uint8Array, port: number, now: number, send: Send): void {
    if (this.#port !== null && port !== this.#port) return;
    this.#port = port;
    const packet = decodeTftp(bytes);
    if (packet.opcode === "OACK") this.#acknowledge(send);
    if (packet.opcode !== "DATA") return;
    if (packet.block !== (this.#blocks.length + 1) % 0x10000 || this.#complete) {
      this.#acknowledge(send);
      return;
    }
    this.#tries = 0;
    this.#blocks.push(packet.data);
    this.#complete = packet.data.length < this.#blockSize;
    this.#sinceAcknowledged++;
    if (this.#complete || this.#sinceAcknowledged === this.#windowSize) this.#acknowledge(send);
    this.deadline = this.#complete ? Number.POSITIVE_INFINITY : now + EDK2_TIMEOUT_MS;
  }
  expire(now: number, send: Send): void {
    this.#tries++;
    this.deadline = this.#tries > EDK2_TRIES ? Number.POSITIVE_INFINITY : now + EDK2_TIMEOUT_MS;
    if (this.#tries <= EDK2_TRIES) send(this.#last, this.#port);
  }

  #acknowledge(send: Send): void {
    this.#sinceAcknowledged = 0;
    this.#last = encodeTftp({ opcode: "ACK", block: this.#blocks.length % 0x10000 });
    send(this.#last, this.#port);
  }
}
