import type { Peer, SocketEnding } from "../station/tftp-event.ts";
import type { Negotiated } from "../tftp/negotiate.ts";
import { DATA_HEADER, decodeTftp, type TftpPacket } from "../tftp/packet.ts";
import { begin, type Input, type Output, step, type Transfer, writeBlock } from "../tftp/transfer.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import { MalformedError } from "../wire/malformed.ts";
import type { DevicePort } from "./device-port.ts";
import { openDevicePort } from "./open-port.ts";
import { OUTGOING } from "./platform/linux-port.ts";

interface TransferSocketOptions {
  /** The address the question came in on: answers must leave from it. */
  readonly address: Ipv4;
  readonly to: Peer;
  readonly file: Uint8Array;
  readonly negotiated: Negotiated;
  readonly onMalformed: (error: MalformedError) => void;
  /** Called once, when the device is first heard: its address is not a forged one. */
  readonly onAnswered: () => void;
  /** Called once, after which nothing more is sent. */
  readonly onEnd: (ending: SocketEnding) => void;
}

/** One transfer on a port of its own (RFC 1350 section 4: the transfer identifier is the port). */
export class TransferSocket {
  /** Handed to the kernel so far; a datagram it had no room for counts as well, and is made good like a lost one. */
  bytesSent = 0;
  datagramsSent = 0;
  /** When the device was last heard, in milliseconds of `performance.now()`. */
  heardAt = performance.now();
  readonly #options: TransferSocketOptions;
  #port: DevicePort | null = null;
  #transfer: Transfer | null = null;
  #timer: NodeJS.Timeout | undefined;
  #wakesAt = Number.POSITIVE_INFINITY;
  #answered = false;
  #ended = false;

  constructor(options: TransferSocketOptions) {
    this.#options = options;
  }

  /** Sends the first datagram. May call `onEnd` before it returns: a machine without file descriptors says so at once. */
  open(): void {
    const { address, to, negotiated } = this.#options;
    openDevicePort({
      ...{ address, to, cutAt: negotiated.windowSize > 1 ? DATA_HEADER + negotiated.blockSize : null },
      onOpen: (port) => this.#begin(port),
      onMessage: (bytes, now) => this.#hear(bytes, now),
      onError: (code, message) =>
        this.#end(
          code === "ECONNREFUSED"
            ? { kind: "aborted", reason: "port-closed", message: "" }
            : { kind: "failed", reason: "socket-error", message },
        ),
    });
  }

  /** Ends it from the station's side. */
  stop(reason: "asked-anew" | "crowded-out" | "station-stopped"): void {
    this.#end({ kind: "aborted", reason, message: "" });
  }

  #begin(port: DevicePort): void {
    if (this.#ended) {
      port.close();
      return;
    }
    this.#port = port;
    const { transfer, outputs } = begin(this.#options.file, this.#options.negotiated, performance.now());
    this.#transfer = transfer;
    this.#perform(outputs, transfer);
    this.#wake(transfer);
  }

  #hear(bytes: Uint8Array, now: number): void {
    let packet: TftpPacket;
    try {
      packet = decodeTftp(bytes);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.#options.onMalformed(error);
      return;
    }
    this.heardAt = now;
    if (!this.#answered) this.#options.onAnswered();
    this.#answered = true;
    this.#step(packet, this.heardAt);
  }

  #step(input: Input, now: number): void {
    const transfer = this.#transfer;
    if (transfer === null || this.#ended) return;
    this.#perform(step(transfer, input, now), transfer);
    this.#wake(transfer);
  }

  /**
   * One timer for the whole transfer. The deadline moves on with every answer; the timer is left to come too early then,
   * and goes on to where the deadline is by that time. Only an earlier deadline sets it anew.
   */
  #wake(transfer: Transfer): void {
    if (this.#ended || transfer.deadline >= this.#wakesAt) return;
    clearTimeout(this.#timer);
    this.#wakesAt = transfer.deadline;
    const wait = Math.max(1, Math.ceil(transfer.deadline - performance.now()));
    this.#timer = setTimeout(() => {
      this.#wakesAt = Number.POSITIVE_INFINITY;
      this.#step("timer", performance.now());
    }, wait);
  }

  #perform(outputs: readonly Output[], transfer: Transfer): void {
    for (const output of outputs) {
      if (output.kind === "ended") this.#end(output.ending);
      else if (output.kind === "datagram") this.#send(output.bytes, output.bytes.length, 1);
      else this.#sendBlocks(transfer, output.first, output.last);
    }
  }

  #sendBlocks(transfer: Transfer, first: number, last: number): void {
    for (let block = first; block <= last && this.#port !== null; ) {
      const from = block;
      let length = 0;
      while (block <= last && block < from + this.#port.most) length += writeBlock(transfer, block++, OUTGOING, length);
      // Once more, block by block, where this network does not take a whole window.
      if (!this.#send(OUTGOING, length, block - from)) block = from;
    }
  }

  #send(bytes: Uint8Array, length: number, datagrams: number): boolean {
    if (this.#port?.send(bytes, length) === false) return false;
    this.bytesSent += length;
    this.datagramsSent += datagrams;
    return true;
  }

  #end(ending: SocketEnding): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#port?.close();
    this.#port = null;
    this.#options.onEnd(ending);
  }
}
