import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export interface ReportCheck {
  readonly id: string;
  readonly device: string | null;
  readonly title: string;
  readonly passed: boolean;
  readonly evidence: string;
}

export interface ReportDevice {
  readonly name: string;
  readonly expected: string;
  readonly outcome: string;
  readonly rescued: boolean;
  readonly crashesSeen: number;
  readonly healthyBootsSeen: number;
  readonly keyProtectorIdsReleased: readonly string[];
  readonly times: Readonly<Record<string, number | null>>;
  readonly bytesToDevice: number;
  readonly changes: readonly { readonly path: string; readonly change: string; readonly to: string | null }[];
}

/** A drill that ran, as its report tells it. */
export interface Drilled {
  readonly exitCode: number;
  /** The last line on standard output. */
  readonly lastLine: string;
  readonly output: string;
  readonly page: string;
  readonly report: {
    readonly passed: boolean;
    readonly deviations: readonly ReportCheck[];
    readonly scenarios: readonly {
      readonly name: string;
      readonly devices: readonly ReportDevice[];
      readonly checks: readonly ReportCheck[];
    }[];
  };
}

export const root = resolve(import.meta.dirname, "../..");
const command = join(root, "breakglass");

/** The recovery image that an operator would build: nothing to do if it is there. */
export function buildImage(architecture: "x64" | "arm64" = "x64"): void {
  execFileSync(command, ["image", "build", "--architecture", architecture], { cwd: root, stdio: "ignore" });
}

/** Runs `breakglass drill run ARGS` to its end. */
export function drill(...args: readonly string[]): Promise<Drilled> {
  const folder = mkdtempSync(join(tmpdir(), "breakglass-e2e-"));
  const options = { cwd: root, timeout: 900_000, maxBuffer: 64 << 20 };
  return new Promise((done, fail) => {
    execFile(command, ["drill", "run", "--report", folder, ...args], options, (error, stdout, stderr) => {
      try {
        const output = `${stdout}${stderr}`;
        const exitCode = error === null ? 0 : Number(error.code ?? -1);
        const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
        const page = readFileSync(join(folder, "report.html"), "utf8");
        done({ exitCode, lastLine: stdout.trimEnd().split("\n").at(-1)!, output, report, page });
      } catch (missing) {
        fail(new Error(`${(missing as Error).message}\n${stdout}\n${stderr}`));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });
}

/** What did not hold, for a test's message: empty if all did. */
export function deviations({ report }: Drilled): string[] {
  return report.deviations.map(({ device, title, evidence }) => `${device ?? "drill"}: ${title}: ${evidence}`);
}

/**
 * Drills side by side, two at a time: each has a private network, so they cannot meet. One drill's devices use one
 * processor most of the time. The key is the arguments, joined by spaces.
 */
export async function drillEach(runs: readonly (readonly string[])[]): Promise<ReadonlyMap<string, Drilled | Error>> {
  const done = new Map<string, Drilled | Error>();
  const queue = [...runs];
  const worker = async () => {
    for (let args = queue.shift(); args !== undefined; args = queue.shift())
      done.set(args.join(" "), await drill(...args).catch((error: Error) => error));
  };
  await Promise.all([worker(), worker()]);
  return done;
}
