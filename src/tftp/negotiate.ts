import type { Options } from "./packet.ts";

/** What one transfer runs with. */
export interface Negotiated {
  readonly blockSize: number;
  readonly windowSize: number;
  /** Milliseconds the device asked to wait before anything is sent again (RFC 2349), or null. */
  readonly timeout: number | null;
  /** To be acknowledged with OACK, in the order asked; empty means that the first DATA follows at once. */
  readonly accepted: Options;
  /** The device asked for the size: firmware does so once, and then often ends the transfer (ERROR 8). */
  readonly sizeAsked: boolean;
}

export interface NegotiationLimits {
  readonly blockSize: number;
  readonly windowSize: number;
}

/**
 * RFC 2348 allows blocks of up to 65464 bytes. 64 blocks are where a longer window gains nothing more (measured), and
 * are still less than a common receive buffer.
 */
export const NEGOTIATION_LIMITS: NegotiationLimits = { blockSize: 65464, windowSize: 64 };

const DEFAULT_BLOCK_SIZE = 512;
const SMALLEST_BLOCK = 8;

/**
 * RFC 2347: options are answered or passed over in silence, one by one; names in any case; of one given twice the first
 * good one counts. Too large a blksize (RFC 2348) or windowsize (RFC 7440) is answered with the largest there is; a value
 * outside what its RFC allows otherwise is passed over, as is every option not known.
 */
export function negotiate(
  asked: Options,
  fileSize: number,
  limits: NegotiationLimits = NEGOTIATION_LIMITS,
): Negotiated {
  let blockSize = DEFAULT_BLOCK_SIZE;
  let windowSize = 1;
  let timeout: number | null = null;
  const accepted = new Map<string, readonly [string, string]>();
  for (const [name, value] of asked) {
    const key = name.toLowerCase();
    if (accepted.has(key) || !/^[0-9]{1,10}$/.test(value)) continue;
    const number = Number(value);
    let answer: number;
    if (key === "blksize" && number >= SMALLEST_BLOCK) answer = blockSize = Math.min(number, limits.blockSize);
    else if (key === "windowsize" && number >= 1) answer = windowSize = Math.min(number, limits.windowSize);
    else if (key === "timeout" && number >= 1 && number <= 255) timeout = (answer = number) * 1000;
    else if (key === "tsize") answer = fileSize;
    else continue;
    accepted.set(key, [name, String(answer)]);
  }
  return { blockSize, windowSize, timeout, accepted: [...accepted.values()], sizeAsked: accepted.has("tsize") };
}
