import { MalformedError } from "../../wire/malformed.ts";
import type { ByteSource } from "./byte-source.ts";

/** One frame as a capture program wrote it down. */
export interface CapturedFrame {
  /** From 1, as every other program counts them. */
  readonly number: number;
  /** Milliseconds since 1970, with a fraction. */
  readonly at: number;
  /** tcpdump.org's LINKTYPE number. */
  readonly linkType: number;
  /** What was kept of it; good until the next frame is asked for. */
  readonly bytes: Uint8Array;
  /** How long it was on the wire: longer than `bytes` where the capture was made with a snap length. */
  readonly wireLength: number;
}

/** libpcap's MAXIMUM_SNAPLEN: no frame of a network is longer. */
export const LONGEST_FRAME = 262_144;

// draft-ietf-opsawg-pcap, "File Header": the magic number tells byte order and the unit of the fraction.
const MAGIC: ReadonlyMap<number, { readonly little: boolean; readonly perMillisecond: number }> = new Map([
  [0xa1b2c3d4, { little: false, perMillisecond: 1e3 }],
  [0xd4c3b2a1, { little: true, perMillisecond: 1e3 }],
  [0xa1b23c4d, { little: false, perMillisecond: 1e6 }],
  [0x4d3cb2a1, { little: true, perMillisecond: 1e6 }],
]);

export const isPcap = (magic: number): boolean => MAGIC.has(magic);

const FILE_HEADER_REST = 20;
const RECORD_HEADER = 16;

/**
 * The frames of a classic pcap file whose magic number was read already. Throws MalformedError, with the offset in the
 * file, where a record cannot be one; the frames before it were given.
 */
export function* pcapFrames(magic: number, source: ByteSource): Generator<CapturedFrame> {
  const { little, perMillisecond } = MAGIC.get(magic)!;
  const header = view(whole(source, FILE_HEADER_REST, "the file header"));
  // The upper bits hold the length of a frame check sequence.
  const linkType = header.getUint32(16, little) & 0xffff;
  for (let number = 1; ; number++) {
    const start = source.offset;
    const record = source.take(RECORD_HEADER);
    if (record.length === 0) return;
    if (record.length < RECORD_HEADER) throw new MalformedError("the file ends within a record", start);
    const head = view(record);
    const at = head.getUint32(0, little) * 1000 + head.getUint32(4, little) / perMillisecond;
    const [kept, wireLength] = [head.getUint32(8, little), head.getUint32(12, little)];
    if (kept > LONGEST_FRAME) throw new MalformedError(`a frame of ${kept} bytes`, start);
    const bytes = source.take(kept);
    if (bytes.length < kept) throw new MalformedError("the file ends within a frame", start);
    yield { number, at, linkType, bytes, wireLength: Math.max(wireLength, kept) };
  }
}

/** Throws MalformedError unless there are `length` more bytes. */
export function whole(source: ByteSource, length: number, what: string): Uint8Array {
  const start = source.offset;
  const bytes = source.take(length);
  if (bytes.length < length) throw new MalformedError(`the file ends within ${what}`, start);
  return bytes;
}

export function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
