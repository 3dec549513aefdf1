// Seconds from 1601-01-01 (FILETIME's epoch) to 1970-01-01, both UTC.
const EPOCH_DIFFERENCE = 11_644_473_600n;
const TICKS = 10_000_000n;

/** Unix seconds of a FILETIME (100 ns since 1601); 0 for times before 1970 and for the "never" of all zeros. */
export function unixFromFiletime(filetime: bigint): number {
  const seconds = filetime / TICKS - EPOCH_DIFFERENCE;
  return seconds < 0n ? 0 : Number(seconds);
}

export function filetimeFromUnix(seconds: number): bigint {
  return (BigInt(Math.floor(seconds)) + EPOCH_DIFFERENCE) * TICKS;
}
