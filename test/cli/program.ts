import { spawn } from "node:child_process";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");

/** As the launcher `breakglass` starts it. */
const FLAGS = ["--disable-sigusr1", "--disable-warning=ExperimentalWarning"];

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

/**
 * Runs the real program, as a shell would. Its standard input is no terminal; `passphrase` comes on descriptor 3.
 * `through` is a command line that runs another one, such as `nsenter`.
 */
export function breakglass(args: readonly string[], passphrase = "", through: readonly string[] = []): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const [program, ...rest] = [...through, process.execPath, ...FLAGS, MAIN, ...args] as [string, ...string[]];
    const child = spawn(program, rest, { stdio: ["ignore", "pipe", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout!.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr!.on("data", (chunk) => {
      stderr += chunk;
    });
    const descriptor = child.stdio[3] as NodeJS.WritableStream;
    descriptor.on("error", () => {});
    descriptor.end(passphrase);
    child.on("error", reject).on("close", (exitCode) => resolve({ stdout, stderr, exitCode }));
  });
}

/** What a refusal looks like: one sentence or more, then what to do, and nothing a programmer would want. */
export const REFUSAL = /^breakglass: [A-Z/"-][^\n]*[.?)]\n {2}next: [A-Z-][^\n]*\n$/;
