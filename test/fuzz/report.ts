import type { LiveResult } from "./live.ts";
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

export function liveReport({ sent, honest, milliseconds, before, last, findings }: LiveResult): string {
  const figures = (of: LiveResult["last"]) =>
    of === undefined ? "-" : `heap ${mib(of.heap)}, resident ${mib(of.resident)} MiB, ${of.files} open files`;
  const lines = [
    `live: ${Object.entries(sent)
      .map(([to, count]) => `${count} to ${to}`)
      .join(", ")} in ${Math.round(milliseconds / 1000)} s`,
    `live: an honest device was booted ${honest} times in between`,
    `live: after a fifth ${figures(before)}; at the end ${figures(last)}`,
    ...findings.map((finding) => `live: a finding: ${finding}`),
  ];
  return `${lines.join("\n")}\n`;
}

const mib = (bytes: number) => (bytes / MIB).toFixed(1);

/** What brought it about, as a file for test/vectors/fuzz. */
export function toVector({ target, input, error }: Finding): string {
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `--- a finding of ${target}: ${why}\nwhy: \nexpect: no finding\nbytes:\n${vectorBytes(input)}---\n`;
}
