import { createSocket, type Socket } from "node:dgram";
import type { Negotiated } from "../tftp/negotiate.ts";
import { DATA_HEADER, decodeTftp, type TftpPacket } from "../tftp/packet.ts";
import { begin, type Ending, type Input, type Output, step, type Transfer, writeBlock } from "../tftp/transfer.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import { MalformedError } from "../wire/malformed.ts";
import { LONGEST_DATAGRAM, type Segmented, segmentedSocket, stopSegmenting } from "./segmentation.ts";

/** Where a datagram came from. */
export interface Peer {
  readonly address: Ipv4;
  readonly port: number;
}

/** The protocol's endings, and those that the network or the station brings about. */
export type SocketEnding =
  | Ending
  | {
      readonly kind: "aborted";
      readonly reason: "port-closed" | "asked-anew" | "crowded-out" | "station-stopped";
      readonly message: string;
    }
  | { readonly kind: "failed"; readonly reason: "socket-error"; readonly message: string };

export interface TransferSocketOptions {
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

/** What a kernel says that cannot cut for this interface, or block size. */
const CANNOT_SEGMENT: ReadonlySet<string | undefined> = new Set(["EINVAL", "EIO", "EMSGSIZE"]);

/** Datagrams on their way into the kernel; one for all transfers. */
let outgoing = Buffer.allocUnsafeSlow(LONGEST_DATAGRAM);

/**
 * One transfer on a socket of its own (RFC 1350 section 4: the transfer identifier is the port), connected to the
 * device: the kernel then drops what others send, looks up the route once, and reports a closed port (ICMP).
 */
export class TransferSocket {
  /** Handed to the kernel so far; a datagram it had no room for counts as well, and is made good like a lost one. */
  bytesSent = 0;
  datagramsSent = 0;
  /** When the device was last heard, in milliseconds of `performance.now()`. */
  heardAt = performance.now();
  readonly #options: TransferSocketOptions;
  readonly #socket: Socket;
  #transfer: Transfer | null = null;
  #timer: NodeJS.Timeout | undefined;
  #wakesAt = Number.POSITIVE_INFINITY;
  /** While the kernel cuts this transfer's windows into their datagrams. */
  #segmented: Segmented | null = null;
  #lastOutputs: readonly Output[] = [];
  #answered = false;
  #ended = false;

  constructor(options: TransferSocketOptions) {
    this.#options = options;
    // Addresses are numeric already; by default each would go through the resolver.
    this.#socket = createSocket({ type: "udp4", lookup: (name, _, done) => done(null, name, 4) });
    this.#socket.on("error", (error: NodeJS.ErrnoException) => this.#fail(error));
    this.#socket.on("message", (bytes) => this.#hear(bytes));
  }

  /** Sends the first datagram. May call `onEnd` before it returns: a machine without file descriptors says so at once. */
  open(): void {
    const { address, to, negotiated } = this.#options;
    if (negotiated.windowSize > 1) this.#segmented = segmentedSocket(address, DATA_HEADER + negotiated.blockSize);
    const own = this.#segmented === null ? { address, port: 0, exclusive: true } : { fd: this.#segmented.fd };
    this.#socket.bind(own, () =>
      // A forged source that there is no route to is told here, and nowhere else.
      this.#socket.connect(to.port, to.address, (error?: NodeJS.ErrnoException) =>
        error === undefined ? this.#begin() : this.#fail(error),
      ),
    );
  }

  /** Ends it from the station's side. */
  stop(reason: "asked-anew" | "crowded-out" | "station-stopped"): void {
    this.#end({ kind: "aborted", reason, message: "" });
  }

  #begin(): void {
    if (this.#ended) return;
    const { transfer, outputs } = begin(this.#options.file, this.#options.negotiated, performance.now());
    this.#transfer = transfer;
    this.#perform(outputs, transfer);
    this.#wake(transfer);
  }

  #hear(bytes: Uint8Array): void {
    let packet: TftpPacket;
    try {
      packet = decodeTftp(bytes);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.#options.onMalformed(error);
      return;
    }
    this.heardAt = performance.now();
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
    this.#lastOutputs = outputs;
    for (const output of outputs) {
      if (output.kind === "ended") this.#end(output.ending);
      else if (output.kind === "datagram") this.#send(output.bytes, output.bytes.length, 1);
      else this.#sendBlocks(transfer, output.first, output.last);
    }
  }

  #sendBlocks(transfer: Transfer, first: number, last: number): void {
    const most = this.#segmented?.most ?? 1;
    for (let block = first; block <= last; ) {
      const from = block;
      let length = 0;
      while (block <= last && block < from + most) length += writeBlock(transfer, block++, outgoing, length);
      this.#send(outgoing, length, block - from);
      // Either the kernel has copied the bytes already, or the socket holds on to them until it can.
      if (this.#socket.getSendQueueCount() > 0) outgoing = Buffer.allocUnsafeSlow(outgoing.length);
    }
  }

  #send(bytes: Uint8Array, length: number, datagrams: number): void {
    if (this.#segmented === null) this.#socket.send(bytes, 0, length);
    else this.#socket.send(bytes, 0, length, this.#onSegmented);
    this.bytesSent += length;
    this.datagramsSent += datagrams;
  }

  /** What cannot be cut goes out block by block, from the last step on. */
  readonly #onSegmented = (error: NodeJS.ErrnoException | null): void => {
    if (error === null || this.#ended || this.#transfer === null) return;
    if (!CANNOT_SEGMENT.has(error.code)) this.#fail(error);
    else if (this.#segmented !== null) {
      stopSegmenting(this.#segmented);
      this.#segmented = null;
      this.#perform(this.#lastOutputs, this.#transfer);
    }
  };

  #fail(error: NodeJS.ErrnoException): void {
    // No room in the interface's queue, a firewall, a cable that was pulled: a lost datagram, made good like any other.
    if (error.syscall === "send" && error.code !== "ECONNREFUSED") return;
    if (error.code === "ECONNREFUSED") this.#end({ kind: "aborted", reason: "port-closed", message: "" });
    else this.#end({ kind: "failed", reason: "socket-error", message: error.message });
  }

  #end(ending: SocketEnding): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#socket.close();
    this.#options.onEnd(ending);
  }
}
