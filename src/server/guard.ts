import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { PLATFORM } from "./platform/this-platform.ts";

/** What makes Node write its memory to a file, or lets somebody look into it, when it is asked from outside. */
const LEAKS = /--(?:heapsnapshot-signal|heapsnapshot-near-heap-limit|inspect)[\w-]*/;

/**
 * Before this process holds what opens the vault: no core dump on a crash, no debugger, no /proc/PID/mem for other
 * processes of this user (Linux), no report or heap snapshot. Refused where Node was started so that its memory could
 * be written out. What the platform lacks is left out: the launcher's `ulimit -c 0` holds without it.
 */
export function guardMemory(platform = PLATFORM): void {
  const leak = LEAKS.exec([process.env.NODE_OPTIONS ?? "", ...process.execArgv].join(" "))?.[0];
  if (leak !== undefined)
    throw new OperatorError(
      `Node was started with ${leak}, which can write what this process knows to a file. Nothing was opened.`,
      "Start again without it: look at NODE_OPTIONS.",
      ExitCode.environment,
    );
  const off = { reportOnSignal: false, reportOnFatalError: false, reportOnUncaughtException: false };
  Object.assign(process.report, off);
  platform.guardMemory();
}
