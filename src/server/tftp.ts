import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { Budget } from "../station/budget.ts";
import type { Peer, TftpEvent } from "../station/tftp-event.ts";
import { NEGOTIATION_LIMITS, type NegotiationLimits, negotiate } from "../tftp/negotiate.ts";
import type { Options } from "../tftp/packet.ts";
import { type ReadRequest, type Refusal, readRequest, refusal } from "../tftp/request.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import { MalformedError } from "../wire/malformed.ts";
import { bind } from "./listen.ts";
import { RECEIVE_BYTES } from "./receive-buffer.ts";
import { TransferSocket } from "./tftp-transfer.ts";

export interface TftpLimits extends NegotiationLimits {
  /** Transfers at once, in all and with one address. */
  readonly transfers: number;
  readonly perAddress: number;
}

/** Transfers with one address that it never answered, in a minute, for each that it may have at once. */
const UNANSWERED = { perTransfer: 2, addresses: 16_384 };

const TFTP_LIMITS: TftpLimits = { ...NEGOTIATION_LIMITS, transfers: 8192, perAddress: 16 };

interface TftpOptions {
  readonly address: Ipv4;
  /** 69, or 0 for any free one. */
  readonly port: number;
  /** The file of that name for that device, or null. It is sent straight from the array: do not change it afterwards. */
  readonly resolve: (name: string, from: Peer) => Uint8Array | null;
  readonly onEvent: (event: TftpEvent) => void;
  readonly limits?: Partial<TftpLimits>;
}

const NO_COUNTS = {
  ...{ started: 0, finished: 0, aborted: 0, failed: 0, bytes: 0, datagrams: 0 },
  ...{ malformed: 0, duplicate: 0, busy: 0, traversal: 0, mode: 0, write: 0, "not-found": 0, "not-a-name": 0 },
};
type TftpCounters = Readonly<typeof NO_COUNTS>;

export interface TftpServer {
  readonly port: number;
  counters(): TftpCounters;
  close(): Promise<void>;
}

/** A request that repeats a running transfer's is an echo, unless that device has not been heard for this long. */
const ECHO_MS = 1000;

/** Serves read requests on `address`:`port`. Rejects with OperatorError where the port cannot be had. */
export async function startTftp(options: TftpOptions): Promise<TftpServer> {
  const socket = createSocket({ type: "udp4", recvBufferSize: RECEIVE_BYTES });
  const transfers = new Transfers(socket, options);
  socket.on("message", (bytes: Buffer, { address, port }: RemoteInfo) =>
    transfers.hear(bytes, { address: address as Ipv4, port }),
  );
  const port = await bind(socket, options.address, options.port, "TFTP");
  // An ERROR that found its receiver's port closed; there is nothing to be done about it.
  socket.on("error", () => {});
  return {
    port,
    counters: () => transfers.counters(),
    async close() {
      transfers.stop();
      await new Promise<void>((resolve) => socket.close(resolve));
    },
  };
}

class Transfers {
  readonly #socket: Socket;
  readonly #options: TftpOptions;
  readonly #limits: TftpLimits;
  readonly #counts = { ...NO_COUNTS };
  /** By address and port: a device has one transfer per port. */
  readonly #running = new Map<string, { readonly transfer: TransferSocket; readonly request: Uint8Array }>();
  readonly #perAddress = new Map<Ipv4, number>();
  /** Of the running ones, those whose address may be a forged one, oldest first. */
  readonly #unanswered = new Set<TransferSocket>();
  readonly #unansweredBudget: Budget;

  constructor(socket: Socket, options: TftpOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#limits = { ...TFTP_LIMITS, ...options.limits };
    const perKey = UNANSWERED.perTransfer * this.#limits.perAddress;
    this.#unansweredBudget = new Budget({ perKey, keys: UNANSWERED.addresses });
  }

  hear(datagram: Uint8Array, from: Peer): void {
    let request: ReadRequest;
    try {
      // Legal in UDP (RFC 768) for "no answer wanted"; and none can be sent there.
      if (from.port === 0) throw new MalformedError("a request from port 0");
      request = readRequest(datagram);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.#malformed(from, error);
      return;
    }
    if ("refused" in request) this.#refuse(from, request.name, request.refused);
    else if (this.#isEcho(from, datagram)) this.#counts.duplicate += 1;
    else this.#answer(from, request.name, request.options, datagram);
  }

  counters(): TftpCounters {
    const counts = { ...this.#counts };
    for (const { transfer } of this.#running.values()) {
      counts.bytes += transfer.bytesSent;
      counts.datagrams += transfer.datagramsSent;
    }
    return counts;
  }

  stop(): void {
    for (const { transfer } of [...this.#running.values()]) transfer.stop("station-stopped");
  }

  #answer(from: Peer, name: string, asked: Options, request: Uint8Array): void {
    const { transfers, perAddress } = this.#limits;
    const isFull = this.#running.size >= transfers;
    if ((isFull && this.#unanswered.size === 0) || (this.#perAddress.get(from.address) ?? 0) >= perAddress) {
      this.#busy(from, name);
      return;
    }
    const file = this.#options.resolve(name, from);
    if (file === null) this.#refuse(from, name, "not-found");
    else if (!this.#unansweredBudget.take(from.address, performance.now())) this.#busy(from, name);
    else {
      // Whoever floods us with forged addresses answers from none of them; a device answers within a round trip.
      if (isFull) this.#unanswered.values().next().value?.stop("crowded-out");
      this.#start(from, name, file, asked, request);
    }
  }

  /** In silence: firmware asks again some seconds later, where an ERROR would end its boot. */
  #busy(from: Peer, name: string): void {
    this.#counts.busy += 1;
    this.#options.onEvent({ kind: "refused", name, from, reason: "busy" });
  }

  /** A new question from the port of a running transfer means that the device has given that one up. */
  #isEcho(from: Peer, request: Uint8Array): boolean {
    const before = this.#running.get(keyOf(from));
    if (before === undefined) return false;
    const heardOf = performance.now() - before.transfer.heardAt < ECHO_MS;
    if (heardOf && Buffer.compare(before.request, request) === 0) return true;
    before.transfer.stop("asked-anew");
    return false;
  }

  #start(from: Peer, name: string, file: Uint8Array, asked: Options, request: Uint8Array): void {
    const startedAt = performance.now();
    const transfer = new TransferSocket({
      address: this.#options.address,
      to: from,
      file,
      negotiated: negotiate(asked, file.length, this.#limits),
      onMalformed: (error) => this.#malformed(from, error),
      onAnswered: () => {
        this.#unanswered.delete(transfer);
        this.#unansweredBudget.giveBack(from.address);
      },
      onEnd: (ending) => {
        const milliseconds = performance.now() - startedAt;
        this.#unanswered.delete(transfer);
        this.#running.delete(keyOf(from));
        this.#countAddress(from.address, -1);
        this.#counts[ending.kind] += 1;
        this.#counts.bytes += transfer.bytesSent;
        this.#counts.datagrams += transfer.datagramsSent;
        const { kind, reason, message } = { reason: "", message: "", ...ending };
        this.#options.onEvent({ kind, name, from, bytes: transfer.bytesSent, milliseconds, reason, message });
      },
    });
    this.#running.set(keyOf(from), { transfer, request });
    this.#unanswered.add(transfer);
    this.#countAddress(from.address, 1);
    this.#counts.started += 1;
    this.#options.onEvent({ kind: "started", name, from, fileBytes: file.length });
    transfer.open();
  }

  #refuse(from: Peer, name: string, reason: Refusal): void {
    this.#counts[reason] += 1;
    this.#socket.send(refusal(reason), from.port, from.address);
    this.#options.onEvent({ kind: "refused", name, from, reason });
  }

  #malformed(from: Peer, { what }: MalformedError): void {
    this.#counts.malformed += 1;
    this.#options.onEvent({ kind: "malformed", from, reason: what });
  }

  #countAddress(address: Ipv4, change: 1 | -1): void {
    const count = (this.#perAddress.get(address) ?? 0) + change;
    if (count === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, count);
  }
}

function keyOf({ address, port }: Peer): string {
  return `${address}:${port}`;
}
