import { type Ipv4, ipv4FromBytes, isUnicast } from "../../wire/ipv4.ts";
import { type MacAddress, macFromBytes } from "../../wire/mac.ts";
import type { ClosedSeen } from "../seen.ts";

interface Question {
  readonly from: { readonly address: Ipv4; readonly port: 0; readonly mac: MacAddress };
  readonly asked: Ipv4;
  readonly at: number;
  readonly firstFrame: number;
  lastAt: number;
  lastFrame: number;
  times: number;
}

/** Who is there answers within a millisecond; whoever asks does so again each second, and gives up after a few. */
const SILENCE_MS = 3_000;
const MOST_OPEN = 1024;

/** Looks for devices that ask who has an address (ARP, RFC 826), and that nobody answers. */
export class Neighbours {
  readonly #open = new Map<string, Question>();

  /** `bytes` is an ARP message for Ethernet and IPv4, or something else, which is passed over. */
  hear(bytes: Uint8Array, at: number, frame: number): void {
    const [, hardware, high, low, macLength, ipLength, , operation] = bytes;
    if (bytes.length < 28 || hardware !== 1 || high !== 8 || low !== 0 || macLength !== 6 || ipLength !== 4) return;
    const from = {
      address: ipv4FromBytes(bytes.subarray(14, 18)),
      port: 0,
      mac: macFromBytes(bytes.subarray(8, 14)),
    } as const;
    const asked = ipv4FromBytes(bytes.subarray(24, 28));
    if (operation === 2) this.#answered(from.address);
    // Asking for an address from none, or for one's own, is looking whether it is free (RFC 5227).
    if (operation !== 1 || !isUnicast(from.address) || from.address === asked) return;
    // Who asks is there, too.
    this.#answered(from.address);
    const key = `${from.address} ${asked}`;
    const before = this.#open.get(key);
    if (before !== undefined) {
      before.times += 1;
      before.lastAt = at;
      before.lastFrame = frame;
    } else if (this.#open.size < MOST_OPEN)
      this.#open.set(key, { from, asked, at, firstFrame: frame, lastAt: at, lastFrame: frame, times: 1 });
  }

  /** Tells what was asked in vain up to now. */
  sweep(now: number, emit: (seen: ClosedSeen) => void): void {
    for (const [key, { from, asked, at, firstFrame, lastAt, lastFrame, times }] of this.#open) {
      if (now - lastAt < SILENCE_MS) continue;
      this.#open.delete(key);
      if (times < 2) continue;
      const to = { address: asked, port: 0, mac: null };
      const span = { at, endedAt: lastAt, frames: [firstFrame, lastFrame] as const };
      emit({ what: "closed", ...span, from, to, protocol: "arp", how: "silence" });
    }
  }

  #answered(address: Ipv4): void {
    for (const [key, { asked }] of this.#open) if (asked === address) this.#open.delete(key);
  }
}
