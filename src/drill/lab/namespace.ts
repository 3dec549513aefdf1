import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selfCommand } from "../../server/self-command.ts";
import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import { ownMounts } from "./own-mounts.ts";

/** Set for the copy of this program that runs inside the lab: the lab's working folder. */
const INSIDE = "BREAKGLASS_LAB_FOLDER";
/** The copy inside the lab ends when this descriptor closes, so it cannot outlive the one outside. */
const LIFELINE = 3;
const HANDED_OVER = "handed-over.json";

/**
 * The lab's working folder if this process is inside the lab, else null. Inside, it is process 1 of its own process
 * namespace: when it ends, however it ends, the kernel ends everything it started.
 */
export function labFolder(): string | null {
  const folder = process.env[INSIDE];
  return folder !== undefined && process.pid === 1 ? folder : null;
}

/** Inside the lab: what the process outside handed over. */
export function handedOver(folder: string): string {
  return readFileSync(join(folder, HANDED_OVER), "utf8");
}

/** Inside the lab: ends this process (and with it the lab) as soon as the process outside is gone. */
export function holdLifeline(): void {
  const end = () => process.exit(130);
  const line = new Socket({ fd: LIFELINE, readable: true, writable: false });
  line.on("end", end).on("error", end).on("close", end).resume().unref();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
}

/**
 * Starts this program again with the same arguments in network, mount and process namespaces of its own, and gives its
 * exit code. As root, plainly; as an ordinary user, inside a user namespace. The machine's own network is not touched.
 * `handOver` is text for the copy inside.
 */
export async function enterLab(handOver: string): Promise<number> {
  const flags = labFlags();
  const folder = mkdtempSync(join(tmpdir(), "breakglass-lab-"));
  writeFileSync(join(folder, HANDED_OVER), handOver);
  // An interrupt from the terminal reaches both processes; the one outside stays to see the other end and tidy up.
  const ignore = () => {};
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, ignore);
  try {
    const argv = ["unshare", ...flags, "--", ...selfCommand(), ...process.argv.slice(2)];
    const child = spawn(argv[0]!, argv.slice(1), {
      stdio: ["inherit", "inherit", "inherit", "pipe"],
      // Debian keeps mkntfs, dnsmasq and others where an ordinary user's PATH does not lead.
      env: { ...process.env, PATH: `${process.env.PATH || "/usr/bin:/bin"}:/usr/sbin:/sbin`, [INSIDE]: folder },
    });
    const lifeline = child.stdio[LIFELINE] as NodeJS.WritableStream;
    lifeline.on("error", ignore);
    const cut = () => lifeline.end();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, cut);
    return await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve(code ?? 130));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function labFlags(): string[] {
  const isolated = ["--net", ...ownMounts(), "--pid", "--fork", "--mount-proc", "--kill-child"];
  const flags = process.getuid?.() === 0 ? isolated : ["--user", "--map-root-user", ...isolated];
  const probe = spawnSync("unshare", [...flags, "true"], { encoding: "utf8", timeout: 10_000 });
  if (probe.status === 0) return flags;
  const why = (probe.error?.message ?? probe.stderr).trim();
  throw new OperatorError(
    `This machine does not allow a private network namespace (${why}). Nothing was changed.`,
    "Run the drill as root, or allow user namespaces (on Ubuntu 24.04: sysctl kernel.apparmor_restrict_unprivileged_userns=0).",
    ExitCode.environment,
  );
}
