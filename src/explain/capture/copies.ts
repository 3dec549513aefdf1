import type { Ipv4Packet } from "./datagram.ts";

/** A mirror port of two ports copies a packet within microseconds; nobody sends the same again so soon. */
const COPY_MS = 20;
const KEPT = 64;
/** Of the payload, so much is compared: headers and the numbers of blocks. */
const HEAD = 64;

/**
 * Tells packets that the capture has twice (a mirror port of two ports, both sides of a router) from those that were sent
 * twice: a sender numbers its packets (RFC 791, "identification"), so a repetition has another number. A sender that
 * numbers none (0) repeats itself as far as one can see.
 */
export class Copies {
  readonly #heard = new Map<string, { readonly at: number; readonly head: Uint8Array }>();

  /** True if this is a packet that was just heard. */
  isCopy(
    { source, destination, protocol, identification, fragmentOffset, payload, payloadLength }: Ipv4Packet,
    at: number,
  ) {
    if (identification === 0) return false;
    const key = `${source} ${destination} ${protocol} ${identification} ${fragmentOffset} ${payloadLength}`;
    const head = payload.slice(0, HEAD);
    const before = this.#heard.get(key);
    if (before !== undefined && Math.abs(at - before.at) <= COPY_MS && Buffer.compare(before.head, head) === 0)
      return true;
    this.#heard.delete(key);
    this.#heard.set(key, { at, head });
    const [oldest] = this.#heard.keys();
    if (this.#heard.size > KEPT) this.#heard.delete(oldest!);
    return false;
  }
}
