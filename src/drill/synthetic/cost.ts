import { readFileSync, writeFileSync } from "node:fs";

/** What a process has used so far. */
export interface Cost {
  readonly cpuSeconds: number;
  /** The most memory it ever had resident. */
  readonly peakBytes: number;
}

/** Linux counts processor time in hundredths of a second for its readers (USER_HZ). */
const TICKS_PER_SECOND = 100;

/** From now on, the most memory is the most since now (proc(5), clear_refs): opening a vault takes a quarter of a gigabyte. */
export function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {
    // A kernel without it counts from the start.
  }
}

/** Reads /proc (proc(5)); null for a process that is not there. */
export function costOf(pid: number): Cost | null {
  try {
    // The name in parentheses may hold spaces; utime and stime are the 12th and 13th field after it.
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
      .replace(/^.*\) /s, "")
      .split(" ");
    const peak = /^VmHWM:\s+([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
      peakBytes: Number(peak ?? 0) * 1024,
    };
  } catch {
    return null;
  }
}
