import { DATA_HEADER, decodeTftp, Opcode, type Options, type TftpPacket } from "../../tftp/packet.ts";
import type { Ipv4 } from "../../wire/ipv4.ts";
import { MalformedError } from "../../wire/malformed.ts";
import type { Ending, LoadSeen, Peer, TftpOptions } from "../seen.ts";
import { plainText } from "../text.ts";

/** One UDP datagram on its way from one end to the other. */
export interface UdpSeen {
  readonly at: number;
  readonly frame: number;
  readonly from: Peer;
  readonly to: Peer;
  readonly payload: Uint8Array;
  /** On the wire; `payload` is shorter in a capture with a snap length. */
  readonly payloadLength: number;
  readonly fragmented: boolean;
}

interface Transfer {
  readonly from: Peer;
  readonly to: Peer;
  readonly at: number;
  readonly firstFrame: number;
  readonly name: string;
  readonly asked: TftpOptions;
  asks: number;
  answeredFrom: Ipv4 | null;
  granted: TftpOptions | null;
  highest: number;
  highestLength: number;
  acknowledged: number;
  final: number | null;
  blocksRepeated: number;
  acksRepeated: number;
  pauses: number;
  /** Repetitions since something new was said. */
  inVain: number;
  fragmented: boolean;
  lastAt: number;
  lastFrame: number;
  lastSpeaker: "device" | "server";
}

const SERVER_PORT = 69;
const DEFAULT_BLOCK_SIZE = 512;
/** Firmware asks again after 4 to 5 s, servers repeat for up to half a minute. */
const GIVEN_UP_MS = 30_000;
/** The last block was delivered, and its acknowledgement never sent or not captured. */
const DELIVERED_MS = 2_000;
/** Silence before the end of a capture that is more than a pause, and repetitions that show the same. */
const SILENCE_MS = 5_000;
const IN_VAIN = 3;
/** Nobody on a LAN takes so long, if nothing was lost. */
const PAUSE_MS = 1_000;
const MOST_OPEN = 4096;

/** Follows read transfers from the request to port 69 on to whatever port the server answers from (RFC 1350 section 4). */
export class Transfers {
  readonly #open = new Map<string, Transfer>();

  /** True if the datagram belongs to TFTP; transfers that ended by it are given to `emit`. */
  hear(datagram: UdpSeen, emit: (load: LoadSeen) => void): void {
    const { from, to } = datagram;
    const toDevice = this.#open.get(keyOf(to));
    const fromDevice = this.#open.get(keyOf(from));
    if (to.port !== SERVER_PORT && toDevice === undefined && fromDevice === undefined) return;
    const packet = decode(datagram);
    if (packet === null) return;
    if (to.port === SERVER_PORT) {
      if (isRead(packet)) this.#ask(datagram, packet, emit);
    } else if (toDevice !== undefined) this.#fromServer(toDevice, datagram, packet, emit);
    else if (fromDevice !== undefined) this.#fromDevice(fromDevice, datagram, packet, emit);
  }

  /** Ends what has been silent for so long that it is over. Transfers are few: a device has one or two. */
  sweep(now: number, emit: (load: LoadSeen) => void): void {
    for (const transfer of this.#open.values()) {
      const silent = now - transfer.lastAt;
      if (silent > GIVEN_UP_MS) this.#end(transfer, fellSilent(transfer), emit);
      else if (transfer.final !== null && silent > DELIVERED_MS) this.#end(transfer, { ending: "finished" }, emit);
    }
  }

  /** Nothing more comes. */
  end(now: number, emit: (load: LoadSeen) => void): void {
    for (const transfer of this.#open.values()) {
      const over = now - transfer.lastAt > SILENCE_MS || transfer.inVain >= IN_VAIN || transfer.asks >= IN_VAIN;
      const ending = over ? fellSilent(transfer) : ({ ending: "cut" } as const);
      this.#end(transfer, transfer.final !== null ? { ending: "finished" } : ending, emit);
    }
  }

  #ask(datagram: UdpSeen, packet: Request, emit: (load: LoadSeen) => void): void {
    const { from, to, at, frame } = datagram;
    const name = plainText(packet.filename);
    const before = this.#open.get(keyOf(from));
    if (before !== undefined && before.name === name && before.to.address === to.address && before.highest === 0) {
      before.asks += 1;
      heard(before, datagram, "device");
      return;
    }
    if (before !== undefined) this.#end(before, fellSilent(before), emit);
    for (const oldest of this.#open.values()) {
      if (this.#open.size < MOST_OPEN) break;
      this.#end(oldest, { ending: "cut" }, emit);
    }
    this.#open.set(keyOf(from), {
      ...{ from, to, at, firstFrame: frame, name, asked: readOptions(packet.options), asks: 1 },
      ...{ answeredFrom: null, granted: null, highest: 0, highestLength: 0, acknowledged: -1, final: null },
      ...{ blocksRepeated: 0, acksRepeated: 0, pauses: 0, inVain: 0, fragmented: false },
      ...{ lastAt: at, lastFrame: frame, lastSpeaker: "device" },
    });
  }

  #fromServer(transfer: Transfer, datagram: UdpSeen, packet: TftpPacket, emit: (load: LoadSeen) => void): void {
    heard(transfer, datagram, "server");
    transfer.answeredFrom ??= datagram.from.address;
    transfer.fragmented ||= datagram.fragmented;
    if (packet.opcode === "ERROR") {
      const ending = transfer.highest === 0 ? "refused" : "aborted";
      this.#end(transfer, { ending, by: "server", code: packet.code, message: plainText(packet.message) }, emit);
    } else if (packet.opcode === "OACK") {
      if (transfer.granted !== null) transfer.inVain += 1;
      transfer.granted ??= readOptions(packet.options);
    } else if (packet.opcode === "DATA") {
      // The first block at once: the server knows no options, or wants none.
      transfer.granted ??= {};
      // Captured on the server itself, a window may still be one long datagram (UDP_SEGMENT).
      const size = transfer.granted.blksize ?? DEFAULT_BLOCK_SIZE;
      const more = Math.max(0, Math.ceil(datagram.payloadLength / (DATA_HEADER + size)) - 1);
      const block = counted(transfer.highest, packet.block) + more;
      const length = Math.max(0, datagram.payloadLength - more * (DATA_HEADER + size) - DATA_HEADER);
      if (block <= transfer.highest) {
        transfer.blocksRepeated += 1;
        transfer.inVain += 1;
        return;
      }
      transfer.inVain = 0;
      transfer.highest = block;
      transfer.highestLength = length;
      if (length < size) transfer.final = block;
    }
  }

  #fromDevice(transfer: Transfer, datagram: UdpSeen, packet: TftpPacket, emit: (load: LoadSeen) => void): void {
    heard(transfer, datagram, "device");
    if (packet.opcode === "ERROR") {
      const said = { by: "device", code: packet.code, message: plainText(packet.message) } as const;
      this.#end(transfer, { ending: "aborted", ...said }, emit);
    } else if (packet.opcode === "ACK") {
      const block = counted(Math.max(0, transfer.acknowledged), packet.block);
      if (block <= transfer.acknowledged) {
        transfer.acksRepeated += 1;
        transfer.inVain += 1;
      } else {
        transfer.acknowledged = block;
        transfer.inVain = 0;
      }
      if (transfer.final !== null && block >= transfer.final) this.#end(transfer, { ending: "finished" }, emit);
    }
  }

  #end(transfer: Transfer, how: How, emit: (load: LoadSeen) => void): void {
    this.#open.delete(keyOf(transfer.from));
    const { from, to, at, asked, granted, highest, highestLength, answeredFrom } = transfer;
    const blockSize = granted?.blksize ?? DEFAULT_BLOCK_SIZE;
    emit({
      ...{ what: "load", over: "tftp", method: "RRQ", from, to, at, endedAt: transfer.lastAt, asked, granted },
      frames: [transfer.firstFrame, transfer.lastFrame],
      answeredFrom: answeredFrom === to.address ? null : answeredFrom,
      ...{ name: transfer.name, asks: transfer.asks, size: granted?.tsize ?? null },
      bytes: highest === 0 ? 0 : (highest - 1) * blockSize + highestLength,
      ...{
        lastBlock: highest,
        blocksRepeated: transfer.blocksRepeated,
        acksRepeated: transfer.acksRepeated,
        pauses: transfer.pauses,
      },
      ...{ fragmented: transfer.fragmented, by: null, code: null, message: "", ...how },
    });
  }
}

type Request = Extract<TftpPacket, { readonly filename: string }>;

function isRead(packet: TftpPacket): packet is Request {
  return packet.opcode === "RRQ";
}

interface How {
  readonly ending: Ending;
  readonly by?: "device" | "server";
  readonly code?: number;
  readonly message?: string;
}

function fellSilent({ granted, lastSpeaker }: Transfer): How {
  if (granted === null) return { ending: "unanswered", by: "server" };
  return { ending: "stalled", by: lastSpeaker === "server" ? "device" : "server" };
}

function heard(transfer: Transfer, { at, frame }: UdpSeen, speaker: "device" | "server"): void {
  if (at - transfer.lastAt >= PAUSE_MS) transfer.pauses += 1;
  transfer.lastAt = Math.max(transfer.lastAt, at);
  transfer.lastFrame = frame;
  transfer.lastSpeaker = speaker;
}

/** The number that a 16-bit block number stands for: of those that fit, the one nearest to the last. */
function counted(last: number, block: number): number {
  const ahead = (block - last) & 0xffff;
  return last + (ahead < 0x8000 ? ahead : ahead - 0x10000);
}

function decode({ payload, payloadLength }: UdpSeen): TftpPacket | null {
  try {
    return decodeTftp(payload.length < payloadLength ? withoutTornStrings(payload) : payload);
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}

/** A request or OACK that was cut off by the snap length, up to its last whole option. */
function withoutTornStrings(bytes: Uint8Array): Uint8Array {
  const opcode = bytes[1];
  if (opcode !== Opcode.RRQ && opcode !== Opcode.OACK) return bytes;
  const ends = [...bytes.keys()].filter((at) => at >= 2 && bytes[at] === 0);
  if (ends.length % 2 === 1) ends.pop();
  return bytes.subarray(0, (ends.at(-1) ?? 1) + 1);
}

function readOptions(options: Options): TftpOptions {
  const read: { blksize?: number; windowsize?: number; tsize?: number; timeout?: number } = {};
  for (const [name, value] of options) {
    const key = name.toLowerCase();
    if (!/^[0-9]{1,15}$/.test(value)) continue;
    if (key === "blksize" || key === "windowsize" || key === "tsize" || key === "timeout") read[key] ??= Number(value);
  }
  return read;
}

function keyOf({ address, port }: Peer): string {
  return `${address}:${port}`;
}
