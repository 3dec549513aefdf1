/** How long to wait for an answer, learned from how long answers took (RFC 6298, with a finer clock). */
export interface RoundTrip {
  /** Smoothed round-trip time and its variation in milliseconds; null before the first sample. */
  readonly smoothed: number | null;
  readonly variation: number;
}

export const NO_SAMPLE: RoundTrip = { smoothed: null, variation: 0 };

const FIRST_WAIT_MS = 1000;
const SHORTEST_WAIT_MS = 20;
const LONGEST_WAIT_MS = 4000;

/** Takes in one measured answer. Never one to something sent twice: nobody knows which it answers (Karn). */
export function sample({ smoothed, variation }: RoundTrip, took: number): RoundTrip {
  if (smoothed === null) return { smoothed: took, variation: took / 2 };
  return {
    smoothed: smoothed + (took - smoothed) / 8,
    variation: variation + (Math.abs(smoothed - took) - variation) / 4,
  };
}

/**
 * Milliseconds to wait after `tries` waits in vain, doubling each time. A wait that turns out too short costs one
 * datagram, so the floor is near what a timer can do. What the device asked for (RFC 2349) stands in for the default
 * before the first sample, and is never waited longer than; 255 s of it would hold a socket for as long.
 */
export function waitFor({ smoothed, variation }: RoundTrip, tries: number, asked: number | null): number {
  const learned = smoothed === null ? (asked ?? FIRST_WAIT_MS) : Math.max(SHORTEST_WAIT_MS, smoothed + 4 * variation);
  return Math.min(learned * 2 ** tries, asked ?? LONGEST_WAIT_MS, LONGEST_WAIT_MS);
}
