import { DEFAULT_BLOCK_SIZE } from "./negotiate.ts";
import { ErrorCode, encodeTftp, type Options, type TftpPacket } from "./packet.ts";
import { NO_SAMPLE, waitFor } from "./round-trip.ts";

/** What a device asks for beside the file; what it leaves out is not asked for. */
export interface DownloadOptions {
  /** Bytes, 8 to 65464 (RFC 2348). */
  readonly blockSize?: number;
  /** Blocks, 1 to 65535 (RFC 7440). */
  readonly windowSize?: number;
  /** Seconds, 1 to 255 (RFC 2349). */
  readonly timeout?: number;
  /** `too`: the size (RFC 2349) and the file. `only`: UEFI firmware's question before it fetches a loader. */
  readonly size?: "too" | "only";
}

type DownloadEnding =
  /** The whole file came, or with `size: "only"` its size. */
  | { readonly kind: "finished" }
  /** The station's ERROR. */
  | { readonly kind: "refused"; readonly code: number; readonly message: string }
  /** `options`: the OACK grants what was not asked for. `size`: the file is not as long as the OACK said. */
  | { readonly kind: "failed"; readonly reason: "unanswered" | "silent" | "options" | "size" };

export type DownloadOutput =
  /** `port` null: the port that requests go to, 69. */
  | { readonly kind: "datagram"; readonly bytes: Uint8Array; readonly port: number | null }
  /** The next bytes of the file; a view of the packet they came in. */
  | { readonly kind: "data"; readonly data: Uint8Array }
  | { readonly kind: "ended"; readonly ending: DownloadEnding };

/** A packet and the station's port that it came from, or "timer" at `deadline`. */
type DownloadInput = { readonly packet: TftpPacket; readonly port: number } | "timer";

/**
 * One file on its way here; changed in place by `step`. Blocks are counted from 1 without rolling over. Times are
 * milliseconds of any steady clock.
 */
export interface Download {
  readonly request: Uint8Array;
  readonly asked: DownloadOptions;
  blockSize: number;
  windowSize: number;
  /** The file's size in bytes where the station told it, else null. */
  size: number | null;
  /** Bytes that came so far. */
  bytes: number;
  /** The station's port for this transfer (RFC 1350 section 4), null until it answers. */
  port: number | null;
  /** Highest block that came in order. */
  received: number;
  /** Blocks that came in order since the last ACK. */
  sinceAcknowledged: number;
  /** The block beyond a gap that came last, or 0: one that is not higher was sent again. */
  beyond: number;
  /** When `step` wants "timer"; Infinity once ended. */
  deadline: number;
  /** Waits in vain since the last progress. */
  tries: number;
  ending: DownloadEnding | null;
}

const TRIES = 6;
const BLOCK_NUMBERS = 0x10000;
const NOTHING: readonly DownloadOutput[] = [];

/** Asks for a file, in octet mode. Throws RangeError for a name with NUL or characters of more than one byte. */
export function begin(
  name: string,
  asked: DownloadOptions,
  now: number,
): { readonly download: Download; readonly outputs: readonly DownloadOutput[] } {
  const request = encodeTftp({ opcode: "RRQ", filename: name, mode: "octet", options: optionsOf(asked) });
  const download: Download = {
    ...{ request, asked, blockSize: DEFAULT_BLOCK_SIZE, windowSize: 1, size: null, bytes: 0, port: null },
    ...{ received: 0, sinceAcknowledged: 0, beyond: 0, deadline: 0, tries: 0, ending: null },
  };
  rearm(download, now);
  return { download, outputs: [{ kind: "datagram", bytes: request, port: null }] };
}

/**
 * Takes one packet, or "timer", and says what to send and what came. A finished download still answers its last block:
 * keep the socket for a moment, the last ACK may have been lost (RFC 1350 section 6).
 */
export function step(download: Download, input: DownloadInput, now: number): readonly DownloadOutput[] {
  if (input === "timer") return now < download.deadline ? NOTHING : expire(download, now);
  const { packet, port } = input;
  if (download.port !== null && port !== download.port) return fromElsewhere(packet, port);
  if (download.ending !== null) return afterTheEnd(download, packet);
  switch (packet.opcode) {
    case "ERROR":
      return end(download, { kind: "refused", code: packet.code, message: packet.message });
    case "OACK":
      return open(download, packet.options, port, now);
    case "DATA":
      download.port = port;
      return take(download, packet.block, packet.data, now);
    default:
      return NOTHING;
  }
}

function optionsOf({ blockSize, windowSize, timeout, size }: DownloadOptions): Options {
  const values = { tsize: size === undefined ? undefined : 0, blksize: blockSize, windowsize: windowSize, timeout };
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, `${value}`] as const]));
}

/** RFC 1350 section 4: told that nobody here knows it; this transfer goes on. An ERROR is never answered. */
function fromElsewhere(packet: TftpPacket, port: number): readonly DownloadOutput[] {
  if (packet.opcode === "ERROR") return NOTHING;
  const bytes = encodeTftp({ opcode: "ERROR", code: ErrorCode.unknownTransfer, message: "no such transfer" });
  return [{ kind: "datagram", bytes, port }];
}

function afterTheEnd(download: Download, packet: TftpPacket): readonly DownloadOutput[] {
  const again = packet.opcode === "DATA" && packet.block === download.received % BLOCK_NUMBERS;
  return download.ending?.kind === "finished" && again ? [acknowledgement(download)] : NOTHING;
}

/** The OACK: RFC 2347 lets a station grant less than was asked, never more and nothing else. */
function open(download: Download, granted: Options, port: number, now: number): readonly DownloadOutput[] {
  if (download.port !== null) return download.received === 0 ? [acknowledgement(download)] : NOTHING;
  download.port = port;
  if (!granted.every(([name, value]) => grant(download, name.toLowerCase(), value)))
    return [refuse(port, "option not asked for"), ...end(download, { kind: "failed", reason: "options" })];
  if (download.asked.size === "only" && download.size !== null)
    return [refuse(port, "only the size was asked for"), ...end(download, { kind: "finished" })];
  progress(download, now);
  return [acknowledgement(download)];
}

function grant(download: Download, name: string, text: string): boolean {
  const { blockSize = 0, windowSize = 0, timeout, size } = download.asked;
  const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : -1;
  switch (name) {
    case "blksize":
      download.blockSize = value;
      return value >= 8 && value <= blockSize;
    case "windowsize":
      download.windowSize = value;
      return value >= 1 && value <= windowSize;
    case "tsize":
      download.size = value;
      return value >= 0 && size !== undefined;
    case "timeout":
      return value === timeout;
    default:
      return false;
  }
}

function take(download: Download, wire: number, data: Uint8Array, now: number): readonly DownloadOutput[] {
  const { received, blockSize, windowSize } = download;
  const ahead = (wire - received - 1) & (BLOCK_NUMBERS - 1);
  if (ahead > 0) return outOfOrder(download, ahead);
  if (data.length > blockSize) return NOTHING;
  download.received += 1;
  download.bytes += data.length;
  download.sinceAcknowledged += 1;
  progress(download, now);
  const last = data.length < blockSize;
  const came = [{ kind: "data" as const, data }];
  if (!last && download.sinceAcknowledged < windowSize) return came;
  const outputs = [...came, acknowledgement(download)];
  if (!last) return outputs;
  const whole = download.size === null || download.size === download.bytes;
  return [...outputs, ...end(download, whole ? { kind: "finished" } : { kind: "failed", reason: "size" })];
}

/**
 * A block beyond the next one tells of a gap, and the ACK of the block before the gap brings the rest anew (RFC 7440
 * section 4): once for all blocks that follow the gap, or the station would send as many windows (RFC 1123 section
 * 4.2.3.1 by another door). Where the block acknowledged last or one beyond the gap comes again, the ACK was lost.
 */
function outOfOrder(download: Download, ahead: number): readonly DownloadOutput[] {
  const { received, sinceAcknowledged, windowSize, beyond } = download;
  const block = received + 1 + ahead;
  if (ahead < windowSize) {
    download.beyond = block;
    return beyond === 0 || block <= beyond ? [acknowledgement(download)] : NOTHING;
  }
  return ahead === BLOCK_NUMBERS - 1 && sinceAcknowledged === 0 && received > 0 ? [acknowledgement(download)] : NOTHING;
}

function expire(download: Download, now: number): readonly DownloadOutput[] {
  if (download.tries >= TRIES)
    return end(download, { kind: "failed", reason: download.port === null ? "unanswered" : "silent" });
  download.tries += 1;
  rearm(download, now);
  return [
    download.port === null ? { kind: "datagram", bytes: download.request, port: null } : acknowledgement(download),
  ];
}

function progress(download: Download, now: number): void {
  download.tries = 0;
  download.beyond = 0;
  rearm(download, now);
}

function rearm(download: Download, now: number): void {
  const { timeout } = download.asked;
  download.deadline = now + waitFor(NO_SAMPLE, download.tries, timeout === undefined ? null : timeout * 1000);
}

function acknowledgement(download: Download): DownloadOutput {
  download.sinceAcknowledged = 0;
  const bytes = encodeTftp({ opcode: "ACK", block: download.received % BLOCK_NUMBERS });
  return { kind: "datagram", bytes, port: download.port };
}

function refuse(port: number, message: string): DownloadOutput {
  return { kind: "datagram", bytes: encodeTftp({ opcode: "ERROR", code: ErrorCode.optionRefused, message }), port };
}

function end(download: Download, ending: DownloadEnding): readonly DownloadOutput[] {
  download.ending = ending;
  download.deadline = Number.POSITIVE_INFINITY;
  return [{ kind: "ended", ending }];
}
