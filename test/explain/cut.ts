import { readFileSync, writeFileSync } from "node:fs";
import { openCapture } from "../../src/explain/capture/capture.ts";
import { readIpv4, readTcp, readUdp } from "../../src/explain/capture/datagram.ts";
import { readFrame } from "../../src/explain/capture/frame.ts";
import { ByteWriter } from "../../src/wire/bytes.ts";
import { memorySource } from "./memory-source.ts";

/** Bytes of a frame that are kept: DHCP whole, of the rest what tells what it is. */
const KEPT = { dhcp: 2048, tftp: 160, data: 60, tcp: 300, tls: 90, other: 46 } as const;
/** Blocks kept at both ends of a transfer, and segments with data at both ends of a connection, in each direction. */
const ENDS = 3;

interface Piece {
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly wireLength: number;
  /** Which stream it belongs to, of which only the ends are kept; null if it is kept for itself. */
  readonly stream: string | null;
}

/**
 * Makes a capture of a real boot small enough to keep: the ends of each load, the beginning of each frame. What was left
 * out is as if the capture program had dropped it, which a reader of captures has to bear anyway.
 */
export function cutCapture(whole: Uint8Array, [from, until] = [0, Number.POSITIVE_INFINITY]): Uint8Array {
  const pieces: Piece[] = [];
  // The last frame of all says how long nothing more came.
  let last: Piece | null = null;
  let start: number | null = null;
  for (const { at, bytes, wireLength, linkType } of openCapture(memorySource(whole)).frames) {
    start ??= at;
    if (at - start < from) continue;
    if (at - start > until) break;
    const { stream, keep } = judge(linkType, bytes, wireLength);
    last = keep > 0 ? null : { at, bytes: bytes.slice(0, KEPT.other), wireLength, stream: null };
    if (keep > 0) pieces.push({ at, bytes: bytes.slice(0, keep), wireLength, stream });
  }
  if (last !== null) pieces.push(last);
  const counts = new Map<string, number>();
  const places = pieces.map(({ stream }) => {
    if (stream === null) return 0;
    const place = counts.get(stream) ?? 0;
    counts.set(stream, place + 1);
    return place;
  });
  const kept = pieces.filter(
    ({ stream }, index) => stream === null || places[index]! < ENDS || places[index]! >= counts.get(stream)! - ENDS,
  );
  return write(kept);
}

function judge(linkType: number, bytes: Uint8Array, wireLength: number): { stream: string | null; keep: number } {
  const frame = readFrame(linkType, bytes, wireLength);
  if (frame === null) return { stream: null, keep: 0 };
  if (frame.carries === "arp") return { stream: null, keep: KEPT.other };
  const packet = readIpv4(frame.packet, frame.wireLength);
  if (packet === null) return { stream: null, keep: 0 };
  const ends = `${packet.source} ${packet.destination}`;
  const udp = packet.protocol === 17 ? readUdp(packet.payload, packet.payloadLength) : null;
  if (udp !== null) {
    const { sourcePort, destinationPort, payload } = udp;
    if ([67, 68, 4011].includes(destinationPort)) return { stream: null, keep: KEPT.dhcp };
    const opcode = payload[1];
    const block = opcode === 3 || opcode === 4;
    return block
      ? { stream: `${ends} ${sourcePort} ${destinationPort}`, keep: KEPT.data }
      : { stream: null, keep: KEPT.tftp };
  }
  const tcp = packet.protocol === 6 ? readTcp(packet.payload, packet.payloadLength) : null;
  if (tcp === null) return { stream: null, keep: packet.protocol === 1 ? KEPT.tftp : 0 };
  const keep = tcp.sourcePort === 443 || tcp.destinationPort === 443 ? KEPT.tls : KEPT.tcp;
  if (tcp.syn || tcp.fin || tcp.rst) return { stream: null, keep };
  if (tcp.payloadLength === 0) return { stream: null, keep: 0 };
  return { stream: `${ends} ${tcp.sourcePort} ${tcp.destinationPort}`, keep };
}

function write(pieces: readonly Piece[]): Uint8Array {
  const writer = new ByteWriter(64 * 1024).u32le(0xa1b2c3d4).u16le(2).u16le(4).zeros(8).u32le(262_144).u32le(1);
  for (const { at, bytes, wireLength } of pieces) {
    const seconds = Math.floor(at / 1000);
    writer.u32le(seconds).u32le(Math.min(999_999, Math.round((at - seconds * 1000) * 1000)));
    writer.u32le(bytes.length).u32le(wireLength).put(bytes);
  }
  return writer.done();
}

// node test/explain/cut.ts WHOLE.pcap SMALL.pcap [FROM UNTIL], in seconds since its first frame
if (process.argv[1] === import.meta.filename) {
  const [whole, small, ...window] = process.argv.slice(2);
  const [from = 0, until = Number.POSITIVE_INFINITY] = window.map((seconds) => Number(seconds) * 1000);
  writeFileSync(small!, cutCapture(readFileSync(whole!), [from, until]));
}
