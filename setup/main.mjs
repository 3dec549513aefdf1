// The two commands of a fresh machine, `npm start` and `npm test`, and `npm run package`. This file is the only one that
// runs on the machine's own Node (20 or later): it installs what is missing, saying so, and hands over to the pinned one.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pinnedNode, pinnedNodeTrouble } from "./pinned-node.mjs";
import { runTests } from "./run-tests.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const isRoot = process.getuid?.() === 0;

/** @param {string} line */
function say(line) {
  process.stdout.write(`set-up: ${line}\n`);
}

/** @param {string} what @param {string} next @returns {never} */
function giveUp(what, next) {
  process.stderr.write(`set-up: ${what}\n  next: ${next}\n`);
  process.exit(4);
}

/** @param {string} command @param {string[]} args @param {{quiet?: boolean, env?: Record<string, string>}} [options] */
function run(command, args, { quiet = false, env = {} } = {}) {
  /** @type {import("node:child_process").StdioOptions} */
  const stdio = quiet ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"];
  const done = spawnSync(command, args, { cwd: root, stdio, encoding: "utf8", env: { ...process.env, ...env } });
  return { ok: done.status === 0, status: done.status ?? 1, output: `${done.stdout ?? ""}${done.stderr ?? ""}` };
}

/** What each command needs. The tests run the drill and build the release, too. */
const APT_GROUPS = {
  start: ["start"],
  test: ["start", "tests", "package"],
  package: ["package"],
  fuzz: [],
  fresh: ["fresh"],
  bench: ["start", "bench"],
};

/** @param {readonly string[]} groups */
function aptPackages(groups) {
  const lines = readFileSync(join(root, "setup", "apt-packages.txt"), "utf8").split("\n");
  const rows = lines.filter((line) => /^[a-z]+ /.test(line)).map((line) => line.split(/\s+/));
  const names = rows.filter(([group]) => groups.includes(/** @type {string} */ (group))).map(([, name]) => name);
  return /** @type {string[]} */ ([...new Set(names)]);
}

/** @param {readonly string[]} groups */
function ensureAptPackages(groups) {
  if (process.platform !== "linux") return;
  if (!existsSync("/usr/bin/apt-get"))
    giveUp("this is not Debian or Ubuntu (no apt-get)", "run the drill on one of them");
  const missing = aptPackages(groups).filter((name) => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format
    const status = run("dpkg-query", ["-W", "-f=${Status}", name], { quiet: true });
    return !status.ok || !status.output.includes("install ok installed");
  });
  if (missing.length === 0) return;
  const asRoot = isRoot ? [] : ["sudo"];
  if (!isRoot && !existsSync("/usr/bin/sudo"))
    giveUp(`missing packages: ${missing.join(" ")}`, `as root: apt-get install ${missing.join(" ")}`);
  for (const name of missing) say(`installing the package ${name}`);
  const apt = [...asRoot, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"];
  const [command, ...args] = /** @type {[string, ...string[]]} */ (apt);
  const log = [run(command, [...args, "update"], { quiet: true })];
  log.push(run(command, [...args, "install", "-y", "--no-install-recommends", ...missing], { quiet: true }));
  if (log.at(-1)?.ok) return;
  process.stderr.write(log.map(({ output }) => output).join(""));
  giveUp("apt-get could not install them (its words are above)", `by hand: apt-get install ${missing.join(" ")}`);
}

function ensureNpmModules() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const stamp = join(root, "node_modules", ".breakglass-lock");
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
    say("installing the npm modules of package-lock.json (npm ci)");
    // Its warnings are about the machine's own Node, which runs nothing but this file.
    const quietly = ["--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error"];
    const done = run("npm", ["ci", ...quietly], { quiet: true });
    if (!done.ok) {
      process.stderr.write(done.output);
      giveUp("npm ci failed (its words are above)", "is the npm registry reachable? try again");
    }
  }
  const trouble = pinnedNodeTrouble(root);
  if (trouble) {
    rmSync(stamp, { force: true });
    giveUp(trouble.what, trouble.next);
  }
  writeFileSync(stamp, lock);
}

/**
 * How a program of the pinned toolchain is run. Its scripts begin with `#!/usr/bin/env node`, so the pinned Node comes
 * first on the PATH. @param {string[]} command
 */
function pinned([program, ...args]) {
  const node = /** @type {string} */ (pinnedNode(root));
  const bin = join(root, "node_modules", ".bin");
  const path = [dirname(node), bin, process.env.PATH ?? "", "/usr/sbin", "/sbin"].join(delimiter);
  const file = program === "node" ? node : join(bin, /** @type {string} */ (program));
  return { file, args, env: { ...process.env, PATH: path } };
}

/** @param {string[]} command */
function runPinned(command) {
  const { file, args, env } = pinned(command);
  return spawnSync(file, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"], env }).status ?? 1;
}

/** @param {string[]} args */
function breakglass(args) {
  return run(join(root, "breakglass"), args).status;
}

/** @param {string} title @param {() => number | Promise<number>} work */
async function step(title, work) {
  const began = Date.now();
  say(`${title} ...`);
  const status = await work();
  say(`${title}: ${status === 0 ? "done" : "FAILED"} in ${Math.round((Date.now() - began) / 1000)} s`);
  return status;
}

/** The arm64 image costs a download of its own: only for a drill that names such a firmware. */
function start() {
  const args = process.argv.slice(3);
  const architectures = args.some((arg) => /(^|=)uefi-arm64$/.test(arg)) ? ["x64", "arm64"] : ["x64"];
  for (const architecture of architectures) {
    const built = breakglass(["image", "build", "--drivers", "fleet", "--architecture", architecture]);
    if (built !== 0) return built;
  }
  return breakglass(["drill", "run", ...args]);
}

async function test() {
  const steps = [
    await step("type check", () => runPinned(["tsc", "--noEmit"])),
    await step("lint and format", () =>
      runPinned(["biome", "ci", "--error-on-warnings", ...(process.stdout.isTTY ? [] : ["--colors=off"])]),
    ),
    await step("recovery image, minimal drivers", () =>
      breakglass(["image", "build", "--drivers", "minimal", "--out", join("build", "image-minimal")]),
    ),
  ];
  let tests = { passed: 0, failed: 0, ok: false };
  steps.push(
    await step("tests", async () => {
      tests = await runTests(root, pinned, process.argv.slice(3));
      return tests.ok && tests.passed + tests.failed > 0 ? 0 : 1;
    }),
  );
  const failedSteps = steps.filter((status) => status !== 0).length;
  const failed = tests.failed > 0 ? tests.failed : failedSteps;
  process.stdout.write(`${tests.passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

const commands = {
  start,
  test,
  package: () => runPinned(["node", join(root, "setup", "package.ts"), ...process.argv.slice(3)]),
  fresh: () => runPinned(["node", join(root, "test", "fresh", "main.ts"), ...process.argv.slice(3)]),
  fuzz: () => runPinned(["node", join(root, "test", "fuzz", "main.ts"), ...process.argv.slice(3)]),
  bench: () => runPinned(["node", join(root, "test", "bench", "main.ts"), ...process.argv.slice(3)]),
};
const command = /** @type {keyof typeof commands} */ (process.argv[2]);
if (!(command in commands))
  giveUp(
    `no command ${command}`,
    "npm start, npm test, npm run package, npm run fuzz, npm run bench, or npm run test:fresh",
  );
const [major = ""] = process.versions.node.split(".");
if (Number(major) < 20) giveUp(`this is Node ${process.versions.node}`, "install Node 20 or later, with npm");
ensureAptPackages(APT_GROUPS[command]);
ensureNpmModules();
process.exit(await commands[command]());
