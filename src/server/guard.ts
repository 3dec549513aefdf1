import { ExitCode, OperatorError } from "../wire/operator-error.ts";

// include/uapi/linux/prctl.h and asm-generic/resource.h.
const [PR_SET_DUMPABLE, RLIMIT_CORE] = [4, 4];

/** What makes Node write its memory to a file, or lets somebody look into it, when it is asked from outside. */
const LEAKS = /--(?:heapsnapshot-signal|heapsnapshot-near-heap-limit|inspect)[\w-]*/;

/**
 * Before this process holds what opens the vault: no core dump on a crash, no debugger, no /proc/PID/mem for other
 * processes of this user (Linux), no report or heap snapshot. Refused where Node was started so that its memory could
 * be written out. What the platform lacks is left out: the launcher's `ulimit -c 0` holds without it.
 */
export function guardMemory(): void {
  const leak = LEAKS.exec([process.env.NODE_OPTIONS ?? "", ...process.execArgv].join(" "))?.[0];
  if (leak !== undefined)
    throw new OperatorError(
      `Node was started with ${leak}, which can write what this process knows to a file. Nothing was opened.`,
      "Start again without it: look at NODE_OPTIONS.",
      ExitCode.environment,
    );
  const off = { reportOnSignal: false, reportOnFatalError: false, reportOnUncaughtException: false };
  Object.assign(process.report, off);
  if (process.platform === "linux") guardOnLinux();
}

function guardOnLinux(): void {
  try {
    const { functions } = process.getBuiltinModule("node:ffi").dlopen(null, {
      prctl: { arguments: ["int32", "uint64", "uint64", "uint64", "uint64"], return: "int32" },
      setrlimit: { arguments: ["int32", "buffer"], return: "int32" },
    });
    // struct rlimit: soft and hard limit, 64 bits each. The kernel looks at `dumpable` first, and it alone stops dumps
    // that are piped to a program (systemd-coredump), which ignore the limit of the size.
    functions.prctl(PR_SET_DUMPABLE, 0n, 0n, 0n, 0n);
    functions.setrlimit(RLIMIT_CORE, Buffer.alloc(16));
  } catch {}
}
