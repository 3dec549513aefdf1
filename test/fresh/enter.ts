import { spawn, spawnSync } from "node:child_process";
import type { Account } from "./machines.ts";

/** The user who is not root; it has sudo without a password. */
export const USER = "someone";

/** The checkout's path inside, by account. */
export const HOMES: Readonly<Record<Account, string>> = { root: "/root", user: `/home/${USER}` };

/**
 * Mounts and processes of its own, which end with the command. The folder becomes the root by pivot_root, not by chroot:
 * the kernel gives no user namespace inside a chroot. $1 the folder, $2 apt's archives, then the command.
 */
const ENTER = `
root=$1; archives=$2; shift 2
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount --bind "$archives" "$root/var/cache/apt/archives"
cat /etc/resolv.conf >"$root/etc/resolv.conf"
cd "$root"
pivot_root . mnt
exec chroot . sh -euc 'umount -l /mnt; cd /; exec "$@"' sh "$@"
`;
const OWN = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"];
/** If this process is killed, the kernel kills what it started; all that runs in the pid namespace goes with it. */
const WITH_PARENT = ["setpriv", "--pdeathsig", "KILL"];

/** Process groups that run now, by the process that leads each. */
const groups = new Set<number>();

/** Kills every command that runs inside. The mounts go with the last process of their namespace. */
export function killAll(): void {
  for (const group of groups) {
    try {
      process.kill(-group, "SIGKILL");
    } catch (error) {
      // It has just ended.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Runs a program in a process group of its own, its output on this screen. Gives its exit code; null if a signal ended it. */
export function runGroup(program: string, args: readonly string[]): Promise<number | null> {
  const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"], detached: true });
  const group = child.pid;
  if (group !== undefined) groups.add(group);
  return new Promise<number | null>((done, fail) => child.on("error", fail).on("close", done)).finally(() => {
    if (group !== undefined) groups.delete(group);
  });
}

/** How the outside is reached is the machine's affair: proxies, a mirror, certificates. */
const KEPT = ["BREAKGLASS_MIRROR", "NODE_EXTRA_CA_CERTS", "TERM", "http_proxy", "https_proxy", "no_proxy"];

export interface Entered {
  readonly folder: string;
  /** A folder outside with apt's downloads, so that another machine of this release need not load them again. */
  readonly archives: string;
  /** What else the environment has inside. */
  readonly env: Readonly<Record<string, string>>;
}

/** Runs a shell script inside, its output on this screen. Gives its exit code; null if a signal ended it. */
export function run(machine: Entered, account: Account, script: string, args: readonly string[] = []) {
  const [program, ...rest] = argv(machine, account, script, args);
  return runGroup(program!, rest);
}

/** Runs a shell script inside and gives what it wrote; its complaints go to this screen. */
export function ask(machine: Entered, account: Account, script: string): { ok: boolean; output: string } {
  const [program, ...rest] = argv(machine, account, script, []);
  const stdio = ["ignore", "pipe", "pipe"] as const;
  const { status, stdout } = spawnSync(program!, rest, { stdio: [...stdio], encoding: "utf8", maxBuffer: 1e8 });
  return { ok: status === 0, output: stdout };
}

function argv({ folder, archives, env }: Entered, account: Account, script: string, args: readonly string[]) {
  const name = account === "root" ? "root" : USER;
  const kept = KEPT.filter((key) => process.env[key] !== undefined).map((key) => [key, process.env[key]!] as const);
  const path =
    account === "root"
      ? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
      : "/usr/local/bin:/usr/bin:/bin";
  const all = {
    HOME: HOMES[account],
    USER: name,
    LOGNAME: name,
    PATH: path,
    LANG: "C.UTF-8",
    ...Object.fromEntries(kept),
    ...env,
  };
  const as = account === "root" ? [] : ["runuser", "-u", USER, "--"];
  const assigned = Object.entries(all).map(([key, value]) => `${key}=${value}`);
  const inside = [...as, "env", "-i", ...assigned, "sh", "-c", `cd && ${script}`, "sh", ...args];
  return [...WITH_PARENT, "unshare", ...OWN, "--", "sh", "-euc", ENTER, "sh", folder, archives, ...inside];
}
