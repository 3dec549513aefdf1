// How long a program takes from its start to its end: start-load.ts node|--version|status|--help FOLDER. `--help` is that of
// every verb, and the slowest verb's time; each verb runs three times, and its median counts. Prints JSON: the seconds.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Verb } from "../../src/cli/verb.ts";
import { VERBS } from "../../src/cli/verbs.ts";
import { median } from "./rows.ts";
import { RELEASE } from "./start-rows.ts";

const [what, folder] = process.argv.slice(2) as [string, string];
const state = join(folder, "state");
mkdirSync(state, { recursive: true, mode: 0o700 });
const program = join(RELEASE, "breakglass");

/** Exit code 1 or 3 are answers, too: there is no station and no ledger. */
function timed(argv: readonly string[]): number {
  const began = performance.now();
  const { status, stderr } = spawnSync(argv[0]!, argv.slice(1), { encoding: "utf8" });
  if (status === null || status > 3 || /^ +at /m.test(stderr))
    throw new Error(`${argv.join(" ")}: ${status} ${stderr}`);
  return (performance.now() - began) / 1000;
}

function paths(verbs: readonly Verb[], before: readonly string[] = []): string[][] {
  return verbs.flatMap((verb) => {
    const path = [...before, verb.name];
    return "verbs" in verb && verb.verbs !== undefined ? [path, ...paths(verb.verbs, path)] : [path];
  });
}

const thrice = (argv: readonly string[]) => median([timed(argv), timed(argv), timed(argv)]);

if (what === "--help") {
  const all = paths(VERBS).map((path) => ({ verb: path.join(" "), seconds: thrice([program, ...path, "--help"]) }));
  all.sort((a, b) => b.seconds - a.seconds);
  process.stdout.write(`${JSON.stringify({ ...all[0], verbs: all.length })}\n`);
} else {
  const argv =
    what === "node"
      ? [process.execPath, "-e", "0"]
      : what === "status"
        ? [program, what, "--state", state]
        : [program, what];
  process.stdout.write(`${JSON.stringify({ seconds: timed(argv) })}\n`);
}
