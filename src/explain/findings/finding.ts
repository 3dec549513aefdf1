import type { Attempt, Device } from "../attempt.ts";
import type { Seen } from "../seen.ts";

/** What a rule looks at: one attempt, and what is known around it. */
export interface Scene {
  readonly device: Device;
  readonly attempt: Attempt;
  /** The device's attempts before this one. */
  readonly before: readonly Attempt[];
  /** How far things are known: the start of the next attempt, or the end of what was seen. */
  readonly until: number;
  /** The device has begun a later attempt. */
  readonly ended: boolean;
  /**
   * `wire`: everything that passed one place of the network. `station`: what the station's own sockets heard, which is
   * not what others send to the device alone.
   */
  readonly view: "wire" | "station";
}

/** What a rule found. It is found only where `by` proves it: a rule that is in doubt says nothing. */
export interface Proof {
  /** What happened, for a person at 4 a.m. */
  readonly what: string;
  /** What to do about it. */
  readonly cure: string;
  /** What was seen that shows it. */
  readonly by: readonly Seen[];
}

export type Rule = (scene: Scene) => Proof | null;

/** True if nothing came for so long after `at` that it is not coming. */
export function quiet({ until, ended }: Scene, at: number, milliseconds: number): boolean {
  return ended || until - at >= milliseconds;
}

/** How often they were sent, repetitions counted. */
export function timesSent(seen: readonly { readonly times: number }[]): number {
  return seen.reduce((sum, { times }) => sum + times, 0);
}

export function latest(seen: readonly Seen[]): number {
  return Math.max(...seen.map(({ endedAt }) => endedAt));
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: Iterable<string>): string {
  const all = [...new Set(words)];
  return all.length < 2 ? (all[0] ?? "") : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}
