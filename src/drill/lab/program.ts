import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

export interface ProgramOptions {
  /** Every line the program writes, standard output and standard error in the order they come. */
  readonly log?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Text given on file descriptor 3 and then closed: a passphrase that must not be in argv or the environment. */
  readonly fd3?: string;
}

/** A program that runs beside the drill: its lines, its end, and one way to stop it. */
export class Program {
  readonly name: string;
  readonly pid: number;
  readonly lines: string[] = [];
  readonly ended: Promise<number>;
  exitCode: number | null = null;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();

  constructor(name: string, argv: readonly string[], options: ProgramOptions = {}) {
    this.name = name;
    if (options.log !== undefined) writeFileSync(options.log, "");
    this.#child = spawn(argv[0]!, argv.slice(1), {
      stdio: ["ignore", "pipe", "pipe", options.fd3 === undefined ? "ignore" : "pipe"],
      env: { ...process.env, ...options.env },
    });
    this.pid = this.#child.pid ?? -1;
    if (options.fd3 !== undefined) {
      const door = this.#child.stdio[3] as NodeJS.WritableStream;
      door.on("error", () => {});
      door.end(options.fd3);
    }
    const take = (line: string) => {
      this.lines.push(line);
      if (options.log !== undefined) appendFileSync(options.log, `${line}\n`);
      this.#wake();
    };
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on("line", take);
    this.ended = new Promise((resolve) => {
      const end = (code: number) => {
        this.exitCode = code;
        resolve(code);
        this.#wake();
      };
      this.#child.on("error", (error) => {
        take(`${argv[0]}: ${error.message}`);
        end(127);
      });
      this.#child.on("close", (code, signal) => end(code ?? (signal === "SIGKILL" ? 137 : 143)));
    });
  }

  /**
   * The first line from `from` on that fits, waiting for it; null if the program ended or the time (milliseconds) was
   * up before.
   */
  waitForLine(fits: (line: string) => boolean, timeout: number, from = 0): Promise<string | null> {
    let next = from;
    return this.waitFor(() => {
      for (; next < this.lines.length; next++) if (fits(this.lines[next]!)) return this.lines[next]!;
      return null;
    }, timeout);
  }

  /** What `look` gives first that is not null; it is asked again at each new line. Null at the program's end or time out. */
  waitFor<T>(look: () => T | null, timeout: number): Promise<T | null> {
    return new Promise((resolve) => {
      const done = (value: T | null) => {
        clearTimeout(timer);
        this.#watchers.delete(check);
        resolve(value);
      };
      const check = () => {
        const value = look();
        if (value !== null || this.exitCode !== null) done(value);
      };
      const timer = setTimeout(() => done(null), timeout);
      this.#watchers.add(check);
      check();
    });
  }

  /** Calls back with each line from now on. */
  onLine(call: (line: string) => void): void {
    let next = this.lines.length;
    this.#watchers.add(() => {
      while (next < this.lines.length) call(this.lines[next++]!);
    });
  }

  /** Ends the program: SIGTERM, and SIGKILL if it is still there after `grace` milliseconds. */
  async stop(grace = 3000): Promise<void> {
    if (this.exitCode !== null) return;
    if (grace > 0) this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), grace);
    await this.ended;
    clearTimeout(timer);
  }

  #wake(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a short program to its end. `fd3` as in ProgramOptions; killed after `timeout` milliseconds (code 137). */
export function run(
  argv: readonly string[],
  options: { fd3?: string; env?: Readonly<Record<string, string>>; timeout?: number } = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(argv[0]!, argv.slice(1), {
      stdio: ["ignore", "pipe", "pipe", options.fd3 === undefined ? "ignore" : "pipe"],
      env: { ...process.env, ...options.env },
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout!.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr!.on("data", (chunk: Buffer) => err.push(chunk));
    if (options.fd3 !== undefined) {
      const door = child.stdio[3] as NodeJS.WritableStream;
      door.on("error", () => {});
      door.end(options.fd3);
    }
    const timer = setTimeout(() => child.kill("SIGKILL"), options.timeout ?? 60_000);
    const end = (code: number) => {
      clearTimeout(timer);
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    };
    child.on("error", (error) => {
      err.push(Buffer.from(`${argv[0]}: ${error.message}`));
      end(127);
    });
    child.on("close", (code) => end(code ?? 137));
  });
}
