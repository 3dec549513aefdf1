import type { Ipv4Packet } from "./datagram.ts";

interface Piece {
  readonly offset: number;
  readonly length: number;
  /** A copy of what was kept of it. */
  readonly kept: Uint8Array;
}

interface Gathering {
  readonly pieces: Piece[];
  readonly startedAt: number;
  /** Known once the last piece was seen. */
  total: number | null;
}

/** Packets being put together at once, pieces of one (65,535 bytes in pieces of 576), and how long they are kept. */
const LIMITS = { packets: 64, pieces: 128, milliseconds: 30_000 };
const LONGEST_PACKET = 65_535;

/** Puts fragmented packets together again (RFC 791 section 3.2), as far as they were kept, within bounds. */
export class Fragments {
  readonly #gathering = new Map<string, Gathering>();

  /** A whole packet, at once or with its last missing piece; null until then. */
  take(packet: Ipv4Packet, at: number): Ipv4Packet | null {
    if (packet.fragmentOffset === 0 && !packet.moreFragments) return packet;
    const { source, destination, protocol, identification, fragmentOffset: offset, payloadLength: length } = packet;
    if (offset + length > LONGEST_PACKET) return null;
    const key = `${source} ${destination} ${protocol} ${identification}`;
    const gathering = this.#find(key, at);
    if (gathering.pieces.length >= LIMITS.pieces) return null;
    if (!gathering.pieces.some((piece) => piece.offset === offset))
      gathering.pieces.push({ offset, length, kept: packet.payload.slice() });
    if (!packet.moreFragments) gathering.total = offset + length;
    const payload = joined(gathering);
    if (payload === null) return null;
    this.#gathering.delete(key);
    return { ...packet, fragmentOffset: 0, moreFragments: false, payload, payloadLength: gathering.total! };
  }

  #find(key: string, at: number): Gathering {
    const found = this.#gathering.get(key);
    if (found !== undefined && at - found.startedAt < LIMITS.milliseconds) return found;
    this.#gathering.delete(key);
    // The oldest first: a map keeps the order in which its keys came.
    for (const old of this.#gathering.keys()) {
      if (this.#gathering.size < LIMITS.packets) break;
      this.#gathering.delete(old);
    }
    const gathering: Gathering = { pieces: [], startedAt: at, total: null };
    this.#gathering.set(key, gathering);
    return gathering;
  }
}

/** The payload up to the first byte that was not kept, or null while a piece is missing. */
function joined({ pieces, total }: Gathering): Uint8Array | null {
  if (total === null) return null;
  const sorted = [...pieces].sort((one, two) => one.offset - two.offset);
  const bytes = new Uint8Array(total);
  let end = 0;
  let kept = 0;
  for (const piece of sorted) {
    if (piece.offset > end) return null;
    if (piece.offset <= kept && piece.offset + piece.kept.length <= total) {
      bytes.set(piece.kept, piece.offset);
      kept = Math.max(kept, piece.offset + piece.kept.length);
    }
    end = Math.max(end, piece.offset + piece.length);
  }
  return end < total ? null : bytes.subarray(0, kept);
}
