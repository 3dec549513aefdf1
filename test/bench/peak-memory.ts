import { readFileSync } from "node:fs";

/**
 * The most resident memory this process has had so far, MB. Not getrusage's ru_maxrss: Linux lets that begin with what the
 * parent process had.
 */
export function peakMB(): number {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  return (Number(kib) * 1024) / 1e6;
}
