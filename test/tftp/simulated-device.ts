import { negotiate } from "../../src/tftp/negotiate.ts";
import { decodeTftp, encodeTftp } from "../../src/tftp/packet.ts";
import { begin, type Ending, type Output, step, writeBlock } from "../../src/tftp/transfer.ts";

/** What happens to the n-th datagram of one direction: how often it arrives. */
export type Fate = (n: number) => 0 | 1 | 2;

export interface SimulatedTransfer {
  readonly fileBytes: number;
  readonly blockSize: number;
  readonly windowSize: number;
  readonly toDevice?: Fate;
  readonly toStation?: Fate;
  /** Milliseconds either way. */
  readonly delay?: number;
}

export interface SimulatedOutcome {
  readonly received: Uint8Array;
  readonly file: Uint8Array;
  readonly ending: Ending | null;
  /** DATA datagrams sent. */
  readonly dataSent: number;
  readonly milliseconds: number;
}

const DEVICE_TIMEOUT_MS = 1000;
const GIVES_UP_AFTER = 10;

/**
 * One transfer over a network that loses and repeats datagrams, in simulated time, with a receiver that behaves as
 * EDK2's does: it keeps only the block it waits for, acknowledges a full window and the last block, and answers any
 * other block with the last one it has (Mtftp4Rrq.c, Mtftp4RrqHandleData).
 */
export function simulate(options: SimulatedTransfer): SimulatedOutcome {
  const { fileBytes, blockSize, windowSize, delay = 1 } = options;
  const file = Uint8Array.from({ length: fileBytes }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
  const asked = [["blksize", `${blockSize}`] as const, ["windowsize", `${windowSize}`] as const];
  const queue: { at: number; act: () => void }[] = [];
  let now = 0;
  let sent = 0;
  let acknowledged = 0;
  let dataSent = 0;
  let ending: Ending | null = null;
  const later = (wait: number, act: () => void) => queue.push({ at: now + wait, act });

  const device = new Receiver(blockSize, windowSize, (block) => {
    const copies = options.toStation?.(acknowledged++) ?? 1;
    const bytes = encodeTftp({ opcode: "ACK", block });
    for (let copy = 0; copy < copies; copy++) later(delay, () => perform(step(transfer, decodeTftp(bytes), now)));
  });
  const arrive = (bytes: Uint8Array) => {
    const copies = options.toDevice?.(sent++) ?? 1;
    for (let copy = 0; copy < copies; copy++) later(delay, () => device.hear(bytes, now));
  };
  const perform = (outputs: readonly Output[]) => {
    for (const output of outputs) {
      if (output.kind === "ended") ending = output.ending;
      else if (output.kind === "datagram") arrive(output.bytes);
      else
        for (let block = output.first; block <= output.last; block++) {
          const into = new Uint8Array(blockSize + 4);
          dataSent++;
          arrive(into.subarray(0, writeBlock(transfer, block, into)));
        }
    }
  };

  const { transfer, outputs } = begin(file, negotiate(asked, fileBytes), now);
  perform(outputs);
  while (ending === null && now < 600_000) {
    queue.sort((one, two) => one.at - two.at);
    const next = queue[0]?.at ?? Number.POSITIVE_INFINITY;
    now = Math.min(next, transfer.deadline, device.deadline);
    if (now === next) queue.shift()!.act();
    else if (now === device.deadline) device.expire(now);
    else perform(step(transfer, "timer", now));
  }
  return { received: device.received(), file, ending, dataSent, milliseconds: now };
}

class Receiver {
  deadline = DEVICE_TIMEOUT_MS;
  readonly #blockSize: number;
  readonly #windowSize: number;
  readonly #acknowledge: (block: number) => void;
  readonly #blocks: Uint8Array[] = [];
  #sinceAcknowledged = 0;
  #opened = false;
  #complete = false;
  #silences = 0;

  constructor(blockSize: number, windowSize: number, acknowledge: (block: number) => void) {
    this.#blockSize = blockSize;
    this.#windowSize = windowSize;
    this.#acknowledge = acknowledge;
  }

  hear(bytes: Uint8Array, now: number): void {
    this.deadline = now + DEVICE_TIMEOUT_MS;
    const packet = decodeTftp(bytes);
    if (packet.opcode === "OACK") {
      this.#opened = true;
      this.#repeatLast();
    }
    if (packet.opcode !== "DATA") return;
    if (packet.block !== (this.#blocks.length + 1) % 0x10000 || this.#complete) {
      this.#repeatLast();
      return;
    }
    this.#silences = 0;
    this.#blocks.push(packet.data);
    this.#complete = packet.data.length < this.#blockSize;
    this.#sinceAcknowledged++;
    if (this.#complete || this.#sinceAcknowledged === this.#windowSize) this.#repeatLast();
  }

  expire(now: number): void {
    this.#silences++;
    this.deadline = this.#silences > GIVES_UP_AFTER ? Number.POSITIVE_INFINITY : now + DEVICE_TIMEOUT_MS;
    if (this.#opened) this.#repeatLast();
  }

  received(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#blocks));
  }

  #repeatLast(): void {
    this.#sinceAcknowledged = 0;
    this.#acknowledge(this.#blocks.length % 0x10000);
  }
}
