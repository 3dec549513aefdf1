import { randomBytes } from "node:crypto";

/** What a station takes from outside the ledger and the network: the time, and random bytes. */
export interface Chance {
  /** Milliseconds since 1970 UTC. */
  now(): number;
  bytes(length: number): Buffer;
}

export const REAL_CHANCE: Chance = { now: Date.now, bytes: (length) => randomBytes(length) };
