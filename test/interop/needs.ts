import { spawnSync } from "node:child_process";
import { describe } from "vitest";

/**
 * `describe` for tests against other programs: skipped, and said so by name, where one of them is missing. In CI
 * nothing is skipped: there a missing program is a failure.
 */
export function describeWith(programs: readonly string[], name: string, tests: () => void): void {
  const missing = programs.filter((program) => spawnSync("sh", ["-c", 'command -v "$1"', "sh", program]).status !== 0);
  const skip = missing.length > 0 && process.env.CI === undefined;
  if (skip) console.warn(`SKIPPED: ${name}: not installed here: ${missing.join(", ")}`);
  describe.skipIf(skip)(name, tests);
}
