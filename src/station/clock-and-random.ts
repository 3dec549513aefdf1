/** What a station takes from outside the ledger and the network: the time, and random bytes. */
export interface ClockAndRandom {
  /** Milliseconds since 1970 UTC. */
  now(): number;
  bytes(length: number): Buffer;
}
