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

/** RFC 1350 section 5: where blksize is not agreed on. */
export const DEFAULT_BLOCK_SIZE = 512;

/** What an option is answered with, or null to pass it over. */
type Answer = (asked: number, fileSize: number, limits: NegotiationLimits) => number | null;

const ANSWERS: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  ["blksize", (asked, _, { blockSize }) => (asked >= 8 ? Math.min(asked, blockSize) : null)],
  ["windowsize", (asked, _, { windowSize }) => (asked >= 1 ? Math.min(asked, windowSize) : null)],
  ["timeout", (asked) => (asked >= 1 && asked <= 255 ? asked : null)],
  ["tsize", (_, fileSize) => fileSize],
]);

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
  const granted = new Map<string, number>();
  const accepted: [string, string][] = [];
  for (const [name, value] of asked) {
    const key = name.toLowerCase();
    const readable = /^[0-9]{1,10}$/.test(value) && !granted.has(key);
    const answer = readable ? (ANSWERS.get(key)?.(Number(value), fileSize, limits) ?? null) : null;
    if (answer === null) continue;
    granted.set(key, answer);
    accepted.push([name, String(answer)]);
  }
  const seconds = granted.get("timeout");
  return {
    blockSize: granted.get("blksize") ?? DEFAULT_BLOCK_SIZE,
    windowSize: granted.get("windowsize") ?? 1,
    timeout: seconds === undefined ? null : seconds * 1000,
    accepted,
    sizeAsked: granted.has("tsize"),
  };
}
