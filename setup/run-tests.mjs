// The test suite: the unit tests, then the tests against other programs beside the end-to-end drills. The former mostly
// wait for those programs and for timers, the latter need both processors.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Projects of vitest.config.ts that run at the same time, one such group after the other. */
const GROUPS = [["unit"], ["interop", "e2e"]];

/**
 * @typedef {{file: string, args: string[], env: NodeJS.ProcessEnv}} Program
 * @typedef {{passed: number, failed: number, ok: boolean}} Sum
 */

/**
 * Runs the tests that `args` (vitest's own) choose. Leaves vitest's JSON reports in build/, one for each project.
 * @param {string} root @param {(command: string[]) => Program} pinned @param {string[]} args @returns {Promise<Sum>}
 */
export async function runTests(root, pinned, args) {
  mkdirSync(join(root, "build"), { recursive: true });
  const chosen = args.some((arg) => /^--project(=|$)/.test(arg));
  const groups = chosen ? [[""]] : GROUPS;
  /** @type {Sum[]} */
  const sums = [];
  for (const group of groups)
    sums.push(...(await Promise.all(group.map((project) => runProject(root, pinned, project, args)))));
  const add = (/** @type {"passed" | "failed"} */ what) => sums.reduce((sum, each) => sum + each[what], 0);
  return { passed: add("passed"), failed: add("failed"), ok: sums.every(({ ok }) => ok) };
}

/** @param {string} root @param {(command: string[]) => Program} pinned @param {string} project @param {string[]} args */
async function runProject(root, pinned, project, args) {
  const results = join(root, "build", `test-results${project && `-${project}`}.json`);
  writeFileSync(results, "{}");
  // Files that are named belong to one project; the others find nothing.
  const own = project ? ["--project", project, "--passWithNoTests"] : [];
  const reports = ["--reporter=default", "--reporter=json", `--outputFile.json=${results}`];
  const ok = await run(root, pinned(["vitest", "run", ...reports, ...own, ...args]), project);
  const { numPassedTests = 0, numFailedTests = 0 } = JSON.parse(readFileSync(results, "utf8"));
  return { passed: numPassedTests, failed: numFailedTests, ok };
}

/**
 * Two at a time share a screen line by line. @param {string} cwd @param {Program} program @param {string} name
 * @returns {Promise<boolean>}
 */
function run(cwd, { file, args, env }, name) {
  const shared = name !== "" && name !== "unit";
  const colors = process.stdout.isTTY ? { FORCE_COLOR: "1" } : {};
  const child = shared
    ? spawn(file, args, { cwd, env: { ...env, ...colors }, stdio: ["ignore", "pipe", "pipe"] })
    : spawn(file, args, { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
  for (const stream of [child.stdout, child.stderr])
    if (stream) createInterface({ input: stream }).on("line", (line) => process.stdout.write(`${line}\n`));
  return new Promise((done, fail) => child.on("error", fail).on("close", (status) => done(status === 0)));
}
