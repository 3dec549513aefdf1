import { spawn } from "node:child_process";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";

/** A failed external program: its name, its exit code and its own last words. */
export class ProgramError extends Error {
  readonly stderr: string;

  constructor(program: string, code: number | null, stderr: string) {
    super(`${program} failed (exit code ${code ?? "none"}): ${lastLines(stderr)}`);
    this.name = "ProgramError";
    this.stderr = stderr;
  }
}

/**
 * Runs a program of this machine to its end and gives its standard output. The programs of the image build are
 * apt-get and apt-cache (which call gpgv or sqv), dpkg-deb and xz.
 * @throws OperatorError if it is not installed, ProgramError if it fails.
 */
export function runProgram(
  program: string,
  args: readonly string[],
  { cwd, debianPackage = program }: { cwd?: string; debianPackage?: string } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", (error: NodeJS.ErrnoException) => {
      const absent = new OperatorError(
        `The image build needs the program ${program}, which this machine does not have. Nothing was built.`,
        `Install the package ${debianPackage} (the image can be built on Debian or Ubuntu).`,
        ExitCode.environment,
      );
      reject(error.code === "ENOENT" ? absent : error);
    });
    child.on("close", (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString("utf8"));
      else reject(new ProgramError(program, code, Buffer.concat(err).toString("utf8")));
    });
  });
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-6).join("\n");
}
