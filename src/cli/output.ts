import { writeSync } from "node:fs";
import { ExitCode } from "../wire/operator-error.ts";

/**
 * Output is not the work: what cannot be written ends no verb and prints no trace. A reader that has had enough (`| head`)
 * is no failure. After any other trouble (a full disk, a terminal that is gone) a verb that did its work ends with
 * ExitCode.unwritten, and says why on standard error if that can be written.
 */
export function guardOutput(): void {
  const { stdout, stderr } = process;
  let trouble: NodeJS.ErrnoException | null = null;
  stdout.on("error", (error) => {
    trouble ??= error;
  });
  stderr.on("error", () => {});
  process.on("exit", (code) => {
    // An error of the last moment has not come as an event yet.
    const found = trouble ?? stdout.errored;
    if (found === null || (found as NodeJS.ErrnoException).code === "EPIPE") return;
    const cause = outputCause((found as NodeJS.ErrnoException).code);
    if (code === ExitCode.done) process.exitCode = ExitCode.unwritten;
    const whose = code === ExitCode.done ? "The command was carried out, but its" : "The";
    try {
      writeSync(2, `breakglass: ${whose} output could not be written: ${cause}.\n  next: ${NEXT}\n`);
    } catch {}
  });
}

const CAUSES: Readonly<Record<string, string>> = {
  EPIPE: "nobody reads it any more",
  EAGAIN: "its reader has stopped reading",
  EIO: "the terminal is gone",
  ENOSPC: "the disk is full",
};

/** Why output cannot be written, by its code of errno(3). */
export function outputCause(code: string | undefined): string {
  return CAUSES[code ?? ""] ?? code ?? "it is closed";
}

const NEXT = "Make room there, or send the output elsewhere. The ledger says what was done.";
