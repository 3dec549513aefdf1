import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import { ownMounts } from "./own-mounts.ts";
import { type Ran, run } from "./program.ts";

/**
 * Runs a shell script (`set -eu`, arguments as $1, $2, ...) where its mounts are seen by nobody else. It is process 1
 * of a process namespace of its own: when it ends, or is killed, every program it started ends and every mount is gone.
 * As an ordinary user, inside a user namespace with more than one group: ntfs-3g sets its groups, which the kernel
 * allows only where newgidmap (package uidmap) has made the map. `fd3` is text for descriptor 3: secrets, which have no place in argv.
 */
export async function runWithMounts(
  script: string,
  args: readonly string[],
  options: { readonly fd3?: string; readonly timeout?: number } = {},
): Promise<Ran> {
  const user = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user", "--map-auto"];
  const own = [...ownMounts(), "--pid", "--fork", "--mount-proc", "--kill-child"];
  return await run(["unshare", ...user, ...own, "--", "sh", "-eu", "-c", script, "sh", ...args], {
    env: { LC_ALL: "C.UTF-8" },
    ...options,
  });
}

/** The program's standard output if it did well, else an OperatorError with what it said last. */
export function outputOf(what: string, ran: Ran): string {
  if (ran.code === 0) return ran.stdout;
  const said = (ran.stderr.trim() || ran.stdout.trim()).split("\n").slice(-3).join(" / ");
  const why = ran.code === 137 ? "it took too long and was stopped" : said || `exit code ${ran.code}`;
  throw new OperatorError(
    `${what}: ${why}. The disk image was not changed.`,
    "Check that the packages ntfs-3g, dislocker, mtools, dosfstools, attr, qemu-system-common and (without root) uidmap are installed, that /dev/fuse can be opened, and that there is room in the temporary folder.",
    ExitCode.environment,
  );
}
