import { MalformedError } from "../../wire/malformed.ts";
import type { ByteSource } from "./byte-source.ts";
import { type CapturedFrame, LONGEST_FRAME, view, whole } from "./pcap.ts";

// draft-ietf-opsawg-pcapng, "Block Types".
const Block = { section: 0x0a0d0d0a, interface: 1, simplePacket: 3, enhancedPacket: 6 } as const;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const InterfaceOption = { end: 0, timestampResolution: 9, timestampOffset: 14 } as const;

export const PCAPNG_MAGIC = Block.section;

/** Type and length before a block's body, the length once more after it. */
const BLOCK_OVERHEAD = 12;
/** A frame and its options; blocks of other kinds are passed over without being held, however long they are. */
const LONGEST_BLOCK = LONGEST_FRAME + 65_536;
/** tcpdump and Wireshark write one for each network card. */
const MOST_INTERFACES = 4096;
/** ECMAScript counts a hundred million days either way. */
const LAST_INSTANT = 8.64e15;

interface Interface {
  readonly linkType: number;
  readonly snapLength: number;
  /** Ticks in a millisecond, and the milliseconds that tick 0 stands for. */
  readonly perMillisecond: number;
  readonly offset: number;
}

/**
 * The frames of a pcapng file whose first block type was read already: several sections and interfaces, simple packets
 * (they have no time of their own and get the last one seen); other blocks are passed over. Throws MalformedError, with
 * the offset in the file, where a block cannot be one; the frames before it were given.
 */
export function* pcapngFrames(source: ByteSource): Generator<CapturedFrame> {
  let little = sectionHeader(source);
  let interfaces: Interface[] = [];
  let at = 0;
  let number = 0;
  for (;;) {
    const start = source.offset;
    const head = source.take(8);
    if (head.length === 0) return;
    if (head.length < 8) throw new MalformedError("the file ends within a block", start);
    const type = view(head).getUint32(0, little);
    // A section's type reads the same both ways, and says nothing about the length yet.
    if (type === Block.section) {
      little = sectionHeader(source, head.slice(4));
      interfaces = [];
      continue;
    }
    const length = view(head).getUint32(4, little);
    if (length < BLOCK_OVERHEAD || length % 4 !== 0) throw new MalformedError(`a block of ${length} bytes`, start);
    const body = blockBody(source, type, length - BLOCK_OVERHEAD, start);
    if (view(whole(source, 4, "a block")).getUint32(0, little) !== length)
      throw new MalformedError("a block's two lengths differ", start);
    if (body === null) continue;
    const fields = view(body);
    if (type === Block.interface) {
      if (interfaces.length >= MOST_INTERFACES) throw new MalformedError("too many interfaces", start);
      interfaces.push(readInterface(fields, little, start));
      continue;
    }
    const simple = type === Block.simplePacket;
    if (body.length < (simple ? 4 : 20)) throw new MalformedError("a packet block without its fields", start);
    const index = simple ? 0 : fields.getUint32(0, little);
    const card = interfaces[index];
    if (card === undefined) throw new MalformedError(`a frame of interface ${index}, which is not described`, start);
    const wireLength = fields.getUint32(simple ? 0 : 16, little);
    const room = body.length - (simple ? 4 : 20);
    const kept = simple
      ? Math.min(wireLength, card.snapLength === 0 ? wireLength : card.snapLength, room)
      : fields.getUint32(12, little);
    if (kept > room) throw new MalformedError(`a frame of ${kept} bytes in a smaller block`, start);
    if (!simple)
      at = card.offset + (fields.getUint32(4, little) * 2 ** 32 + fields.getUint32(8, little)) / card.perMillisecond;
    if (Math.abs(at) > LAST_INSTANT) throw new MalformedError("a frame at a time that no calendar has", start);
    const from = body.length - room;
    number += 1;
    const bytes = body.subarray(from, from + kept);
    yield { number, at, linkType: card.linkType, bytes, wireLength: Math.max(wireLength, kept) };
  }
}

/** True for a little-endian section. `length` is the block's length field, where it was read already. */
function sectionHeader(
  source: ByteSource,
  length: Uint8Array = whole(source, 4, "the section header").slice(),
): boolean {
  const start = source.offset - 8;
  const magic = view(whole(source, 4, "the section header"));
  const little = magic.getUint32(0, true) === BYTE_ORDER_MAGIC;
  if (!little && magic.getUint32(0, false) !== BYTE_ORDER_MAGIC)
    throw new MalformedError("a section without its byte order", start);
  const total = view(length).getUint32(0, little);
  const rest = total - BLOCK_OVERHEAD;
  if (total < 28 || total % 4 !== 0) throw new MalformedError(`a section header of ${total} bytes`, start);
  if (source.skip(rest) < rest) throw new MalformedError("the file ends within the section header", start);
  return little;
}

/** The body of a block that is read, null for one that is passed over. */
function blockBody(source: ByteSource, type: number, length: number, start: number): Uint8Array | null {
  const read = type === Block.interface || type === Block.simplePacket || type === Block.enhancedPacket;
  if (!read) {
    if (source.skip(length) < length) throw new MalformedError("the file ends within a block", start);
    return null;
  }
  if (length > LONGEST_BLOCK) throw new MalformedError(`a block of ${length} bytes`, start);
  const body = source.take(length);
  if (body.length < length) throw new MalformedError("the file ends within a block", start);
  // The closing length is read next, and that may move the bytes.
  return body.slice();
}

function readInterface(fields: DataView, little: boolean, start: number): Interface {
  if (fields.byteLength < 8) throw new MalformedError("an interface without its fields", start);
  let perMillisecond = 1e3;
  let offset = 0;
  for (let at = 8; at + 4 <= fields.byteLength; ) {
    const [code, length] = [fields.getUint16(at, little), fields.getUint16(at + 2, little)];
    if (code === InterfaceOption.end) break;
    if (at + 4 + length > fields.byteLength) throw new MalformedError("an interface's option runs over its end", start);
    if (code === InterfaceOption.timestampResolution && length === 1) {
      const resolution = fields.getUint8(at + 4);
      const perSecond = resolution & 0x80 ? 2 ** (resolution & 0x7f) : 10 ** resolution;
      perMillisecond = perSecond / 1000;
    }
    if (code === InterfaceOption.timestampOffset && length === 8)
      offset = Number(fields.getBigInt64(at + 4, little)) * 1000;
    at += 4 + length + ((4 - (length % 4)) % 4);
  }
  return {
    linkType: fields.getUint16(0, little),
    snapLength: fields.getUint32(4, little),
    perMillisecond,
    offset,
  };
}
