import type { ServerResponse } from "node:http";

/** One response on its way. */
interface Job {
  readonly response: ServerResponse;
  readonly bytes: Uint8Array;
  sent: number;
}

/** What is sent in one go: ten milliseconds' worth, so that many devices take turns often, within these bounds. */
const PIECE = { smallest: 4 * 1024, largest: 256 * 1024, milliseconds: 10 } as const;

/**
 * Sends bodies no faster than a budget, all of them together. Addresses take turns piece by piece, so one that opens a
 * hundred connections gets no more than one that opens a single one.
 */
export class Pacer {
  readonly #perMillisecond: number;
  readonly #piece: number;
  /** Who has something to send now, in the order of their next turns; a job that waits for its socket is in none. */
  readonly #ready = new Map<string, Job[]>();
  #freeAt = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(mbps: number) {
    this.#perMillisecond = (mbps * 1e6) / 8 / 1000;
    const piece = Math.round(this.#perMillisecond * PIECE.milliseconds);
    this.#piece = Math.min(Math.max(piece, PIECE.smallest), PIECE.largest);
  }

  /** Sends `bytes` as the body of `response` and ends it. Ends without a word if the device hangs up. */
  send(response: ServerResponse, bytes: Uint8Array, to: string): void {
    this.#line(to, { response, bytes, sent: 0 });
    this.#go();
  }

  #line(to: string, job: Job): void {
    const line = this.#ready.get(to);
    if (line === undefined) this.#ready.set(to, [job]);
    else line.push(job);
  }

  #go(): void {
    if (this.#timer !== null) return;
    const now = performance.now();
    // What was not used is lost: a budget that was saved up would be a burst.
    this.#freeAt = Math.max(this.#freeAt, now - PIECE.milliseconds);
    while (this.#freeAt <= now) {
      const [next] = this.#ready;
      if (next === undefined) return;
      this.#sendPiece(...next);
    }
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#go();
    }, this.#freeAt - now);
  }

  #sendPiece(to: string, line: Job[]): void {
    this.#ready.delete(to);
    const job = line.shift()!;
    if (line.length > 0) this.#ready.set(to, line);
    const { response, bytes } = job;
    if (response.destroyed) return;
    const piece = bytes.subarray(job.sent, job.sent + this.#piece);
    job.sent += piece.length;
    this.#freeAt += piece.length / this.#perMillisecond;
    if (job.sent >= bytes.length) {
      response.end(piece);
      return;
    }
    if (response.write(piece)) this.#line(to, job);
    // A device that hangs up instead never drains, and its job is forgotten with its response.
    else
      response.once("drain", () => {
        this.#line(to, job);
        this.#go();
      });
  }
}
