import fc from "fast-check";
import { expect, it } from "vitest";
import { negotiate } from "../../src/tftp/negotiate.ts";
import { begin, type Output, step, type Transfer } from "../../src/tftp/transfer.ts";

/** What a device, a stranger or time may do next. Blocks are relative to what was acknowledged or sent. */
type Act =
  | { readonly kind: "ack"; readonly from: "acked" | "sent" | "zero"; readonly offset: number }
  | { readonly kind: "timer" }
  | { readonly kind: "wait"; readonly milliseconds: number }
  | { readonly kind: "odd"; readonly packet: "OACK" | "DATA" | "RRQ" }
  | { readonly kind: "error"; readonly code: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("ack"),
      from: fc.constantFrom("acked", "sent", "zero"),
      offset: fc.oneof(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -0x10000, max: 0x10000 })),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: "timer" as const }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait"), milliseconds: fc.nat(200) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("odd"), packet: fc.constantFrom("OACK", "DATA", "RRQ") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("error"), code: fc.nat(8) }) },
);
const TIMES_WITHOUT_PROGRESS = 1 + 13 + 13;

// Past the second roll-over of block numbers.
const ROLLED_OVER = 0x20000 + 20;
const ZEROS = new Uint8Array(ROLLED_OVER * 512);

/** A transfer under test, which keeps the books that its own words are checked against. */
class Audit {
  readonly transfer: Transfer;
  now = 0;
  ended = 0;
  /** DATA datagrams since the last block that was newly acknowledged. */
  sinceProgress = 0;

  constructor(blocks: number, windowSize: number, options: boolean) {
    const bytes = blocks * (options ? 8 : 512) - 1;
    const asked = options ? [["blksize", "8"] as const, ["windowsize", `${windowSize}`] as const] : [];
    const { transfer, outputs } = begin(ZEROS.subarray(0, bytes), negotiate(asked, bytes), 0);
    this.transfer = transfer;
    this.#check(outputs, 0);
  }

  perform(next: Act): void {
    const { transfer } = this;
    if (next.kind === "wait") this.now += next.milliseconds;
    else if (next.kind === "timer") {
      this.now = Math.max(this.now, transfer.ended ? 0 : transfer.deadline);
      this.#check(step(transfer, "timer", this.now), transfer.acked);
    } else if (next.kind === "ack") this.#acknowledge(next);
    else this.#check(step(transfer, packetOf(next), this.now), transfer.acked);
  }

  #acknowledge({ from, offset }: Extract<Act, { kind: "ack" }>): void {
    const { transfer, now } = this;
    const { acked, sent, opening, ended } = transfer;
    const block = ({ acked, sent, zero: 0 }[from] + offset) & 0xffff;
    const ahead = (block - acked) & 0xffff;
    const outputs = step(transfer, { opcode: "ACK", block }, now);
    // RFC 1350: an ACK of what is not on its way, old or not yet sent, changes nothing.
    if (ended || acked + ahead > sent) expect([outputs, transfer.acked]).toEqual([[], acked]);
    // RFC 1123 section 4.2.3.1.
    else if (ahead === 0 && !opening && transfer.negotiated.windowSize === 1) expect(outputs).toEqual([]);
    else expect(transfer.acked).toBe(acked + ahead);
    this.#check(outputs, acked);
  }

  #check(outputs: readonly Output[], ackedBefore: number): void {
    const { transfer } = this;
    const { windowSize } = transfer.negotiated;
    if (transfer.acked > ackedBefore) this.sinceProgress = 0;
    for (const output of outputs) {
      expect(this.ended, "nothing after the end").toBe(0);
      if (output.kind === "ended") {
        this.ended++;
        if (output.ending.kind === "finished") expect(transfer.acked).toBe(transfer.blocks);
      }
      if (output.kind !== "blocks") continue;
      // Never what is acknowledged, never beyond the window (RFC 7440 section 4) or the file.
      expect(output.first).toBeGreaterThan(transfer.acked);
      expect(output.last).toBeGreaterThanOrEqual(output.first);
      expect(output.last).toBeLessThanOrEqual(Math.min(transfer.acked + windowSize, transfer.blocks));
      this.sinceProgress += output.last - output.first + 1;
    }
    expect(this.sinceProgress).toBeLessThanOrEqual(TIMES_WITHOUT_PROGRESS * windowSize);
    expect(this.ended).toBe(transfer.ended ? 1 : 0);
    if (transfer.ended) expect(transfer.deadline).toBe(Number.POSITIVE_INFINITY);
  }
}

function packetOf(act: Extract<Act, { kind: "odd" | "error" }>) {
  if (act.kind === "error") return { opcode: "ERROR", code: act.code, message: "" } as const;
  if (act.packet === "OACK") return { opcode: "OACK", options: [] } as const;
  if (act.packet === "DATA") return { opcode: "DATA", block: 1, data: new Uint8Array(8) } as const;
  return { opcode: "RRQ", filename: "a", mode: "octet", options: [] } as const;
}

it("whatever comes in whatever order, a transfer keeps to its window, sends a bounded number of datagrams and ends once", () => {
  const shape = fc.record({
    blocks: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(ROLLED_OVER)),
    windowSize: fc.integer({ min: 1, max: 9 }),
    options: fc.boolean(),
    // Near a roll-over of block numbers, in the long file.
    start: fc.tuple(fc.constantFrom(0x10000, 0x20000), fc.integer({ min: -20, max: 5 })),
    acts: fc.array(act, { maxLength: 120 }),
  });
  fc.assert(
    fc.property(shape, ({ blocks, windowSize, options, start: [turn, offset], acts }) => {
      const audit = new Audit(blocks, windowSize, options);
      const { transfer } = audit;
      const start = turn + offset;
      if (blocks > start) {
        const sent = start + transfer.negotiated.windowSize;
        Object.assign(transfer, { acked: start, sent, sentBefore: start, opening: false, heard: true });
      }
      for (const each of acts) audit.perform(each);
      // Then silence: it ends by itself, within a minute.
      const silentFrom = audit.now;
      for (let wait = 0; wait < 20; wait++) audit.perform({ kind: "timer" });
      expect(audit.ended).toBe(1);
      expect(audit.now - silentFrom).toBeLessThan(60_000);
    }),
    { numRuns: 2000 },
  );
});
