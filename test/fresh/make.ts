import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { archiveKeyring, machineSources } from "../../src/image/apt.ts";
import { findMirror } from "../../src/image/mirror.ts";
import { ExitCode, OperatorError } from "../../src/wire/operator-error.ts";
import { type Entered, HOMES, run, runGroup, USER } from "./enter.ts";
import type { Account, Release } from "./machines.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const CACHE = join(ROOT, "build", "cache", "fresh");
const OWN_CERTIFICATES = "/usr/local/share/ca-certificates";
/** The checkout inside, in the account's home. */
export const CHECKOUT = "breakglass";

/** Makes a bare Debian in `folder`: Node, npm, sudo, a user, and nothing of what breakglass needs besides. */
export async function makeMachine(release: Release, folder: string): Promise<Entered> {
  const mirror = findMirror(machineSources(), process.env.BREAKGLASS_MIRROR ?? null).main;
  const machine = enterable(release, folder);
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  const variant = ["--variant=minbase", "--include=ca-certificates,sudo", `--keyring=${archiveKeyring()}`];
  // In a mount namespace of its own: whatever it mounts in there is gone when it ends, however it ends.
  const debootstrap = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--", "debootstrap"];
  const args = [...debootstrap, ...variant, `--cache-dir=${machine.archives}`, release.suite, folder, mirror];
  if ((await runGroup("unshare", args)) !== 0) throw broken("debootstrap failed (its words are above).");
  const certificates = join(folder, OWN_CERTIFICATES);
  mkdirSync(certificates, { recursive: true });
  for (const name of ownCertificates()) copyFileSync(join(OWN_CERTIFICATES, name), join(certificates, name));
  if (release.node !== null) unpackNode(release.node, folder);
  writeFileSync(join(folder, "etc/sudoers.d", USER), `${USER} ALL=(ALL) NOPASSWD: ALL\n`, { mode: 0o440 });
  const apt = "env DEBIAN_FRONTEND=noninteractive apt-get -q";
  const node = release.node === null ? `${apt} update && ${apt} install -y --no-install-recommends nodejs npm && ` : "";
  const made = await run(
    machine,
    "root",
    `${node}update-ca-certificates && useradd --create-home --shell /bin/bash ${USER}`,
  );
  if (made !== 0) throw broken(`A bare ${release.suite} could not be set up in ${folder}.`);
  return machine;
}

/** A machine that lies in `folder`. */
export function enterable(release: Release, folder: string): Entered {
  const archives = join(CACHE, release.suite);
  mkdirSync(join(archives, "partial"), { recursive: true });
  // A Node that is not Debian's reads the system's certificates only if it is asked to.
  const env: Record<string, string> =
    ownCertificates().length === 0 ? {} : { NODE_EXTRA_CA_CERTS: "/etc/ssl/certs/ca-certificates.crt" };
  return { folder, archives, env };
}

/** Clones what is committed here into the account's home. */
export function cloneCheckout({ folder }: Entered, account: Account): void {
  const target = join(folder, HOMES[account], CHECKOUT);
  rmSync(target, { recursive: true, force: true });
  must("git", ["clone", "--quiet", "--no-local", ROOT, target]);
  if (account === "user") must("chroot", [folder, "chown", "-R", `${USER}:${USER}`, join(HOMES[account], CHECKOUT)]);
}

/** The commit that is cloned, and what is not in it. */
export function whatIsCloned(): string {
  const git = (...args: string[]) => spawnSync("git", args, { cwd: ROOT, encoding: "utf8" }).stdout.trim();
  const changed = git("status", "--porcelain").split("\n").filter(Boolean).length;
  return `${git("log", "-1", "--format=%h %s")}${changed === 0 ? "" : ` (${changed} changed files are not committed and not in it)`}`;
}

function ownCertificates(): string[] {
  return existsSync(OWN_CERTIFICATES) ? readdirSync(OWN_CERTIFICATES).filter((name) => name.endsWith(".crt")) : [];
}

/** Node and npm from the npm registry, where a person unpacks nodejs.org's archive: /usr/local. */
function unpackNode({ node, npm }: { node: string; npm: string }, folder: string): void {
  const library = join(folder, "usr/local/lib/node_modules");
  for (const [name, version] of [
    [`node-linux-${process.arch}`, node],
    ["npm", npm],
  ] as const) {
    const archive = join(CACHE, `${name}-${version}.tgz`);
    if (!existsSync(archive)) must("npm", ["pack", "--silent", `${name}@${version}`, `--pack-destination=${CACHE}`]);
    mkdirSync(join(library, name), { recursive: true });
    must("tar", ["-xzf", archive, "--no-same-owner", "--strip-components=1", "-C", join(library, name)]);
  }
  const link = (target: string, name: string) =>
    must("ln", ["-s", `../lib/node_modules/${target}`, join(folder, "usr/local/bin", name)]);
  link(`node-linux-${process.arch}/bin/node`, "node");
  link("npm/bin/npm-cli.js", "npm");
  link("npm/bin/npx-cli.js", "npx");
  must("chmod", ["0755", join(library, "npm/bin/npm-cli.js"), join(library, "npm/bin/npx-cli.js")]);
}

function must(program: string, args: readonly string[]): void {
  const { status, error } = spawnSync(program, args, { stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) throw broken(`${program} failed${error ? `: ${error.message}` : ""} (its words are above).`);
}

function broken(what: string): OperatorError {
  return new OperatorError(
    what,
    "Is the Debian mirror reachable, and the npm registry? Is there room in /var/tmp?",
    ExitCode.environment,
  );
}
