import type { Negotiated } from "./negotiate.ts";
import { DATA_HEADER, encodeTftp, type TftpPacket, writeDataHeader } from "./packet.ts";
import { NO_SAMPLE, type RoundTrip, sample, waitFor } from "./round-trip.ts";

/** How a transfer ended. */
export type Ending =
  | { readonly kind: "finished" }
  /** The device ended it. `size-probe`: it had asked for the size and wanted no more, which firmware does first. */
  | { readonly kind: "aborted"; readonly reason: "size-probe" | "error-from-device"; readonly message: string }
  /**
   * `unanswered`: not one answer ever came. `silent`: answers stopped. `silent-at-end`: only the last is missing.
   * `stalled`: the device goes on asking for the same block, whatever is sent.
   */
  | { readonly kind: "failed"; readonly reason: "unanswered" | "silent" | "silent-at-end" | "stalled" };

export type Output =
  | { readonly kind: "datagram"; readonly bytes: Uint8Array }
  /** Send blocks `first` to `last`, each cut with `writeBlock`. */
  | { readonly kind: "blocks"; readonly first: number; readonly last: number }
  | { readonly kind: "ended"; readonly ending: Ending };

export type Input = TftpPacket | "timer";

/**
 * One file on its way to one device; changed in place by `step`. Blocks are counted from 1 without rolling over (on the
 * wire 65535 is followed by 0). Times are milliseconds of any steady clock.
 */
export interface Transfer {
  readonly file: Uint8Array;
  readonly negotiated: Negotiated;
  /** Blocks in all; the last one is short, and empty where the size is a multiple of the block size (RFC 1350). */
  readonly blocks: number;
  /** When `step` wants "timer"; Infinity once ended. It moves with every step, so look again when it comes. */
  deadline: number;
  /** The OACK has not been answered yet. */
  opening: boolean;
  ended: boolean;
  /** The device has answered at least once: its address is not a spoofed one. */
  heard: boolean;
  /** Highest block acknowledged. */
  acked: number;
  /** Highest block sent; `acked + 1` to `sent` is the flight. */
  sent: number;
  /** What `sent` was when the flight was sent: where it is above `acked`, some of the flight had been sent before. */
  sentBefore: number;
  /** When the flight was sent, or its end moved on. */
  sentAt: number;
  /** Some of the flight was sent more than once. */
  repeated: boolean;
  /** An ACK that repeats the last one may tell of a gap, and is not the echo of something sent twice. */
  gapTelling: boolean;
  roundTrip: RoundTrip;
  /** Waits in vain since the last progress. */
  tries: number;
  /** Flights sent again since then because the device told of a gap. */
  gaps: number;
}

// With one datagram at 0, 1 and 3 s a spoofed source gets three for the one that was sent in its name.
const TRIES_UNHEARD = 2;
// Doubling from 20 ms to 4 s, this is half a minute of silence.
const TRIES_HEARD = 13;
// As many, from one round trip on: where the block never gets through (a size that the way does not carry), a device
// that answers the rest of each window would else have one window per round trip for as long as it likes.
const GAPS = 13;
const SHORTEST_ROUND_TRIP_MS = 1;
const BLOCK_NUMBERS = 0x10000;
const NOTHING: readonly Output[] = [];

/** Starts a transfer: an OACK if there are options to acknowledge, else the first block. */
export function begin(
  file: Uint8Array,
  negotiated: Negotiated,
  now: number,
): { readonly transfer: Transfer; readonly outputs: readonly Output[] } {
  const blocks = Math.floor(file.length / negotiated.blockSize) + 1;
  const opening = negotiated.accepted.length > 0;
  const transfer: Transfer = {
    ...{ file, negotiated, blocks, opening },
    ...{ deadline: 0, ended: false, heard: false, acked: 0, sent: 0, sentBefore: 0, sentAt: now },
    ...{ repeated: false, gapTelling: false, roundTrip: NO_SAMPLE, tries: 0, gaps: 0 },
  };
  const outputs = opening ? repeatOpening(transfer) : nextFlight(transfer, now);
  rearm(transfer, now);
  return { transfer, outputs };
}

/** Takes one packet of the device, or "timer" at `deadline`, and says what to send. */
export function step(transfer: Transfer, input: Input, now: number): readonly Output[] {
  if (transfer.ended) return NOTHING;
  if (input === "timer") return now < transfer.deadline ? NOTHING : expire(transfer, now);
  if (input.opcode === "ERROR") return end(transfer, { kind: "aborted", ...abort(transfer, input) });
  return input.opcode === "ACK" ? acknowledge(transfer, input.block, now) : NOTHING;
}

/** Cuts one block out of the file into `into` from `at` on; returns the length of the datagram. */
export function writeBlock(transfer: Transfer, block: number, into: Uint8Array, at = 0): number {
  const { file, negotiated } = transfer;
  const start = (block - 1) * negotiated.blockSize;
  const data = file.subarray(start, start + negotiated.blockSize);
  writeDataHeader(into, block % BLOCK_NUMBERS, at);
  into.set(data, at + DATA_HEADER);
  return DATA_HEADER + data.length;
}

function acknowledge(transfer: Transfer, wire: number, now: number): readonly Output[] {
  const ahead = (wire - transfer.acked) & (BLOCK_NUMBERS - 1);
  const block = transfer.acked + ahead;
  if (block > transfer.sent) return NOTHING;
  if (transfer.opening) {
    transfer.opening = false;
  } else if (ahead === 0) {
    return repeatedAcknowledgement(transfer, now);
  }
  transfer.heard = true;
  transfer.tries = 0;
  transfer.gaps = 0;
  if (!transfer.repeated) transfer.roundTrip = sample(transfer.roundTrip, now - transfer.sentAt);
  // An ACK inside the window names the block before a gap (RFC 7440 section 4). The blocks sent after the gap make the
  // device repeat this ACK, and so does all that it gets twice; answering those would send the next window twice, and so
  // on for ever (the Sorcerer's Apprentice). So an ACK of what had been sent before the flight began anew tells nothing
  // (NewReno's recovery point, RFC 6582): the rest is on its way, and where it is not, waiting will show.
  transfer.gapTelling = block === transfer.sent && !transfer.repeated;
  const onItsWay = block <= transfer.sentBefore && block < transfer.sent;
  transfer.acked = block;
  if (block === transfer.blocks) return end(transfer, { kind: "finished" });
  const outputs = onItsWay ? restOfWindow(transfer, now) : nextFlight(transfer, now);
  rearm(transfer, now);
  return outputs;
}

/**
 * Without a window RFC 1123 section 4.2.3.1 forbids to answer. With one, the first block of a flight may be the lost
 * one. Where the ACK may as well be an echo, only one that comes a round trip after the last sending tells of a gap:
 * echoes are of what was sent before that. For the same block, twice as long each time.
 */
function repeatedAcknowledgement(transfer: Transfer, now: number): readonly Output[] {
  if (transfer.negotiated.windowSize === 1) return NOTHING;
  const { smoothed } = transfer.roundTrip;
  const roundTrip = smoothed === null ? Number.POSITIVE_INFINITY : Math.max(smoothed, SHORTEST_ROUND_TRIP_MS);
  const stuck = now - transfer.sentAt >= roundTrip * 2 ** Math.max(0, transfer.gaps - 1);
  if (!transfer.gapTelling && !stuck) return NOTHING;
  if (transfer.gaps >= GAPS) return end(transfer, { kind: "failed", reason: "stalled" });
  transfer.gaps += 1;
  const outputs = nextFlight(transfer, now);
  transfer.gapTelling = false;
  transfer.repeated = true;
  rearm(transfer, now);
  return outputs;
}

/** Sends from the first block not acknowledged to the end of the window. */
function nextFlight(transfer: Transfer, now: number): readonly Output[] {
  const first = transfer.acked + 1;
  const last = Math.min(transfer.acked + transfer.negotiated.windowSize, transfer.blocks);
  transfer.repeated = first <= transfer.sent;
  transfer.sentBefore = transfer.sent;
  transfer.sent = last;
  transfer.sentAt = now;
  return [{ kind: "blocks", first, last }];
}

/** Sends what the window has room for beyond what is on its way. */
function restOfWindow(transfer: Transfer, now: number): readonly Output[] {
  const first = transfer.sent + 1;
  const last = Math.min(transfer.acked + transfer.negotiated.windowSize, transfer.blocks);
  transfer.repeated = true;
  transfer.sent = last;
  transfer.sentAt = now;
  return first > last ? NOTHING : [{ kind: "blocks", first, last }];
}

function expire(transfer: Transfer, now: number): readonly Output[] {
  const allowed = transfer.heard ? TRIES_HEARD : TRIES_UNHEARD;
  if (transfer.tries >= allowed) {
    const reason = !transfer.heard ? "unanswered" : transfer.sent === transfer.blocks ? "silent-at-end" : "silent";
    return end(transfer, { kind: "failed", reason });
  }
  transfer.tries += 1;
  rearm(transfer, now);
  if (transfer.opening) return repeatOpening(transfer);
  // First only the flight's last block: either it was the lost one, or the device answers with the block before its
  // gap. If that does not help either, the whole flight.
  if (transfer.tries === 1) {
    transfer.repeated = true;
    transfer.gapTelling = transfer.sent > transfer.acked + 1;
    return [{ kind: "blocks", first: transfer.sent, last: transfer.sent }];
  }
  const outputs = nextFlight(transfer, now);
  transfer.gapTelling = false;
  return outputs;
}

function repeatOpening(transfer: Transfer): readonly Output[] {
  transfer.repeated = transfer.tries > 0;
  return [{ kind: "datagram", bytes: encodeTftp({ opcode: "OACK", options: transfer.negotiated.accepted }) }];
}

function rearm(transfer: Transfer, now: number): void {
  transfer.deadline = now + waitFor(transfer.roundTrip, transfer.tries, transfer.negotiated.timeout);
}

function abort(transfer: Transfer, { code, message }: { code: number; message: string }) {
  const probe = transfer.opening && transfer.negotiated.sizeAsked;
  const reason = probe ? ("size-probe" as const) : ("error-from-device" as const);
  return { reason, message: `${code} ${message}`.trim() };
}

function end(transfer: Transfer, ending: Ending): readonly Output[] {
  transfer.ended = true;
  transfer.deadline = Number.POSITIVE_INFINITY;
  return [{ kind: "ended", ending }];
}
