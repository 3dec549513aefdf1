import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { withTerminals } from "./terminal.ts";

export const COLUMNS = 80;
export const LINES = 24;
const PATIENCE_MS = 30_000;

/** A real terminal with scrollback and an alternate screen, 80 by 24, and a shell in it. */
export class Terminal {
  readonly #server: ChildProcess;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(server: ChildProcess, env: NodeJS.ProcessEnv) {
    this.#server = server;
    this.#env = env;
  }

  /** `folder` holds its socket. */
  static async open(folder: string): Promise<Terminal> {
    const { TMUX: _own, ...others } = process.env;
    const env = { ...others, TMUX_TMPDIR: folder, PS1: "$ ", ENV: "", LC_ALL: "C.UTF-8" };
    const [program, ...args] = withTerminals(["tmux", "-D", "-f", "/dev/null"]) as [string, ...string[]];
    const terminal = new Terminal(spawn(program, args, { env, stdio: "ignore", cwd: folder }), env);
    const size = ["-x", String(COLUMNS), "-y", String(LINES)];
    for (let left = 50; left > 0; left--) {
      if (terminal.#ask("new-session", "-d", "-c", folder, ...size, "sh").status === 0) return terminal;
      await pause(100);
    }
    throw new Error("tmux does not start");
  }

  /** As if typed: `Enter`, `Space` and other names of keys, or text. */
  keys(...keys: readonly string[]): void {
    this.#ask("send-keys", ...keys);
  }

  /** What is on the screen now, a line each, without trailing blanks. */
  screen(): string {
    return this.#ask("capture-pane", "-p").stdout;
  }

  /** All that can be scrolled back to, the screen as well. */
  scrollback(): string {
    return this.#ask("capture-pane", "-p", "-S", "-").stdout;
  }

  resize(columns: number, lines: number): void {
    this.#ask("resize-window", "-x", String(columns), "-y", String(lines));
  }

  async until(text: string | RegExp): Promise<string> {
    for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await pause(50)) {
      const screen = this.screen();
      if (typeof text === "string" ? screen.includes(text) : text.test(screen)) return screen;
    }
    throw new Error(`the terminal never showed ${text}`);
  }

  close(): void {
    this.#ask("kill-server");
    this.#server.kill();
  }

  #ask(...args: readonly string[]) {
    return spawnSync("tmux", args, { env: this.#env, encoding: "utf8" });
  }
}

/** What a scanner reads off the screen (zbarimg), where each half of a character is a dot; empty if it finds nothing. */
export function scanned(screen: string): string {
  const dots = screen.split("\n").flatMap((line) => {
    const cells = [...line.padEnd(COLUMNS)].slice(0, COLUMNS);
    return ["\u2580\u2588", "\u2584\u2588"].map((dark) => cells.map((cell) => dark.includes(cell)));
  });
  const rows = dots.map((row) => row.map((dark) => (dark ? "1 " : "0 ").repeat(SCALE)).join(""));
  const bitmap = rows.map((row) => `${row}\n`.repeat(SCALE)).join("");
  const input = `P1\n${COLUMNS * SCALE} ${rows.length * SCALE}\n${bitmap}`;
  const { stdout, error } = spawnSync("zbarimg", ["--quiet", "--raw", "pbm:-"], { encoding: "utf8", input });
  if (error !== undefined) throw error;
  return stdout.trim();
}

const SCALE = 4;
