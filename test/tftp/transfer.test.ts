import { describe, expect, it } from "vitest";
import { negotiate } from "../../src/tftp/negotiate.ts";
import type { Options } from "../../src/tftp/packet.ts";
import { begin, type Output, step, type Transfer, writeBlock } from "../../src/tftp/transfer.ts";

function start(blocks: number, options: Options): { transfer: Transfer; outputs: readonly Output[] } {
  const file = new Uint8Array(blocks * 512 - 1);
  return begin(file, negotiate(options, file.length), 0);
}
const ack = (transfer: Transfer, block: number, now = 1) => step(transfer, { opcode: "ACK", block }, now);
const blocks = (first: number, last: number) => [{ kind: "blocks", first, last }];
const WINDOW: Options = [["windowsize", "4"]];

describe("a transfer", () => {
  it("begins with the first block without options (RFC 1350 section 4), and with an OACK with some (RFC 2347)", () => {
    expect(start(3, []).outputs).toEqual(blocks(1, 1));
    const { transfer, outputs } = start(9, WINDOW);
    expect(outputs).toMatchObject([{ kind: "datagram" }]);
    expect(ack(transfer, 0)).toEqual(blocks(1, 4));
    expect(ack(transfer, 4)).toEqual(blocks(5, 8));
    expect(ack(transfer, 8)).toEqual(blocks(9, 9));
    expect(ack(transfer, 9)).toEqual([{ kind: "ended", ending: { kind: "finished" } }]);
    expect(ack(transfer, 9)).toEqual([]);
  });

  it("ends with an empty block where the size is a multiple of the block size (RFC 1350 section 6)", () => {
    const { transfer } = begin(new Uint8Array(1024), negotiate([], 1024), 0);
    const packet = new Uint8Array(516);
    expect(transfer.blocks).toBe(3);
    expect(writeBlock(transfer, 2, packet)).toBe(516);
    expect(writeBlock(transfer, 3, packet)).toBe(4);
  });

  it("resends at once from the gap that an acknowledgement inside the window tells of (RFC 7440 section 4)", () => {
    const { transfer } = start(20, WINDOW);
    ack(transfer, 0);
    expect(ack(transfer, 2)).toEqual(blocks(3, 6));
  });

  it("answers what comes of the blocks after the gap only once", () => {
    const { transfer } = start(20, WINDOW);
    ack(transfer, 0);
    ack(transfer, 1);
    expect(ack(transfer, 1)).toEqual([]);
    expect(ack(transfer, 1)).toEqual([]);
    expect(ack(transfer, 5)).toEqual(blocks(6, 9));
  });

  it("takes an acknowledgement of what it had sent before a resend for an echo, and only moves the window on", () => {
    const { transfer } = start(40, WINDOW);
    ack(transfer, 0);
    expect(ack(transfer, 1)).toEqual(blocks(2, 5));
    expect(ack(transfer, 4)).toEqual(blocks(6, 8));
    expect(ack(transfer, 4)).toEqual([]);
    expect(ack(transfer, 8)).toEqual(blocks(9, 12));
  });

  it("resends after all where that acknowledgement still comes a round trip later", () => {
    const { transfer } = start(40, WINDOW);
    ack(transfer, 0, 10);
    ack(transfer, 1, 20);
    ack(transfer, 3, 30);
    expect(ack(transfer, 3, 39)).toEqual([]);
    expect(ack(transfer, 3, 41)).toEqual(blocks(4, 7));
  });

  it("takes a repeated acknowledgement for a lost first block of the window, once", () => {
    const { transfer } = start(20, WINDOW);
    ack(transfer, 0);
    ack(transfer, 4);
    expect(ack(transfer, 4)).toEqual(blocks(5, 8));
    expect(ack(transfer, 4)).toEqual([]);
  });

  it("gives a device that asks for the same block without end a window after twice the time each, and ends as stalled", () => {
    const { transfer } = start(20, WINDOW);
    ack(transfer, 0, 10);
    ack(transfer, 4, 12);
    const sentAt: number[] = [];
    for (let now = 13; !transfer.ended && now < 100_000; now++)
      if (ack(transfer, 4, now).some(({ kind }) => kind === "blocks")) sentAt.push(now);
    expect(sentAt).toHaveLength(13);
    for (let nth = 3; nth < sentAt.length; nth++)
      expect(sentAt[nth]! - sentAt[nth - 1]!).toBeGreaterThanOrEqual(1.9 * (sentAt[nth - 1]! - sentAt[nth - 2]!));
    expect(ack(transfer, 5, 1e9)).toEqual([]);
  });

  it("never answers a repeated acknowledgement without a window (the Sorcerer's Apprentice: RFC 1123 section 4.2.3.1)", () => {
    const { transfer } = start(9, []);
    expect(ack(transfer, 1)).toEqual(blocks(2, 2));
    for (let again = 0; again < 5; again++) expect(ack(transfer, 1)).toEqual([]);
    expect(ack(transfer, 2)).toEqual(blocks(3, 3));
  });

  it("ignores acknowledgements of blocks that were not sent", () => {
    const { transfer } = start(20, WINDOW);
    ack(transfer, 0);
    for (const block of [5, 6, 1000, 0xffff]) expect(ack(transfer, block)).toEqual([]);
    expect(ack(transfer, 4)).toEqual(blocks(5, 8));
  });

  it("ignores packets that a device does not send", () => {
    const { transfer } = start(20, WINDOW);
    expect(step(transfer, { opcode: "OACK", options: [] }, 1)).toEqual([]);
    expect(step(transfer, { opcode: "DATA", block: 1, data: new Uint8Array(1) }, 1)).toEqual([]);
  });
});

describe("an ERROR from the device", () => {
  it("ends the transfer, and is a normal end of a question for the size (RFC 2347, 2349)", () => {
    const { transfer } = start(20, [["tsize", "0"]]);
    const outputs = step(transfer, { opcode: "ERROR", code: 8, message: "User aborted the transfer" }, 1);
    const ending = { kind: "aborted", reason: "size-probe", message: "8 User aborted the transfer" };
    expect(outputs).toEqual([{ kind: "ended", ending }]);
    expect(transfer.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  it("in answer to the OACK refuses the options, and is told nothing in return (RFC 2347)", () => {
    const { transfer } = start(20, WINDOW);
    const outputs = step(transfer, { opcode: "ERROR", code: 8, message: "no" }, 1);
    const ending = { kind: "aborted", reason: "error-from-device", message: "8 no" };
    expect(outputs).toEqual([{ kind: "ended", ending }]);
    expect(ack(transfer, 0)).toEqual([]);
  });

  it("in the middle of the file is the device's word that it does not want it", () => {
    const { transfer } = start(20, [["tsize", "0"]]);
    ack(transfer, 0);
    const outputs = step(transfer, { opcode: "ERROR", code: 3, message: "" }, 1);
    expect(outputs).toMatchObject([{ ending: { reason: "error-from-device", message: "3" } }]);
  });
});

describe("waiting", () => {
  function expireAll(transfer: Transfer): { sends: Output[]; at: number[] } {
    const sends: Output[] = [];
    const at: number[] = [];
    while (!transfer.ended) {
      at.push(transfer.deadline);
      sends.push(...step(transfer, "timer", transfer.deadline));
    }
    return { sends, at };
  }

  it("for a first answer that never comes sends three datagrams in all, then gives up", () => {
    for (const options of [[], WINDOW]) {
      const { sends, at } = expireAll(start(20, options).transfer);
      expect(sends).toHaveLength(3);
      expect(sends[2]).toMatchObject({ ending: { kind: "failed", reason: "unanswered" } });
      expect(at).toEqual([1000, 3000, 7000]);
    }
  });

  it("is short once answers have come, doubles, and ends after half a minute (RFC 1123 section 4.2.3.2)", () => {
    const { transfer } = start(20, WINDOW);
    ack(transfer, 0, 1);
    const { sends, at } = expireAll(transfer);
    expect(at[0]).toBe(21);
    expect(at.at(-1)).toBeGreaterThan(20_000);
    expect(at.at(-1)).toBeLessThan(40_000);
    expect(sends.at(-1)).toMatchObject({ ending: { reason: "silent" } });
  });

  it("says so where nothing is missing but the last acknowledgement", () => {
    const { transfer } = start(2, []);
    ack(transfer, 1);
    expect(expireAll(transfer).sends.at(-1)).toMatchObject({ ending: { reason: "silent-at-end" } });
  });

  it("learns nothing from an answer to what was sent twice: nobody knows which it answers (Karn; RFC 6298 section 3)", () => {
    const { transfer } = start(20, WINDOW);
    ack(transfer, 0, 10);
    step(transfer, "timer", transfer.deadline);
    const before = transfer.roundTrip;
    ack(transfer, 4, 500);
    expect(transfer.roundTrip).toEqual(before);
    ack(transfer, 8, 530);
    expect(transfer.roundTrip).not.toEqual(before);
  });

  it("probes with the last block of the window first, then resends all of it (RFC 7440 section 4)", () => {
    const { transfer } = start(20, WINDOW);
    ack(transfer, 0);
    expect(step(transfer, "timer", transfer.deadline)).toEqual(blocks(4, 4));
    expect(step(transfer, "timer", transfer.deadline)).toEqual(blocks(1, 4));
  });

  it("is no longer than the device asked (RFC 2349), and never more than four seconds", () => {
    expect(start(20, [["timeout", "2"]]).transfer.deadline).toBe(2000);
    expect(start(20, [["timeout", "255"]]).transfer.deadline).toBe(4000);
  });

  it("too early is not waiting: a timer before the deadline does nothing", () => {
    const { transfer } = start(20, WINDOW);
    expect(step(transfer, "timer", 999)).toEqual([]);
    expect(transfer.tries).toBe(0);
  });
});
