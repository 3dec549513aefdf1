import type { Finding, TargetResult } from "./run-target.ts";
import { vectorBytes } from "./vector.ts";

const MIB = 1024 * 1024;

/** One line for each target. */
export function report(result: TargetResult): string {
  const { target, inputs, accepted, answers, milliseconds, slowestMs, heapBefore, heapAfter, findings } = result;
  const columns = [
    target.padEnd(20),
    `${inputs} inputs`.padStart(16),
    `${Math.round((100 * accepted) / inputs)} % accepted`.padStart(15),
    `${answers} answers`.padStart(12),
    `${Math.round(milliseconds / 1000)} s`.padStart(7),
    `slowest ${slowestMs.toFixed(1)} ms`.padStart(18),
    `heap ${(heapBefore / MIB).toFixed(1)} -> ${(heapAfter / MIB).toFixed(1)} MiB`.padStart(24),
    `${findings.length} findings`.padStart(12),
  ];
  return `${columns.join("  ")}\n`;
}

/** What brought it about, as a file for test/vectors/fuzz. */
export function toVector({ target, input, error }: Finding): string {
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `--- a finding of ${target}: ${why}\nwhy: \nexpect: no finding\nbytes:\n${vectorBytes(input)}---\n`;
}
