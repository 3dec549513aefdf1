import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const AGENT = fileURLToPath(new URL("../../pxe/agent", import.meta.url));
const PARTS =
  "words encode name message plan path evidence remove fve ntfs volumes unlock suspended windows apply report outcome screen machine session station hello".split(
    " ",
  );

/**
 * The agent's functions under the shell they are written for: busybox's ash with busybox's own programs and nothing
 * else. `getfattr`, which busybox has only since 1.37, is played by a script unless it is named in `also`.
 */
export class AgentShell {
  readonly folder = mkdtempSync(join(tmpdir(), "breakglass-agent-"));
  readonly run = join(this.folder, "run");
  readonly #path: string;

  constructor(also: readonly string[] = []) {
    const bin = join(this.folder, "bin");
    mkdirSync(bin);
    mkdirSync(join(this.run, "mount"), { recursive: true });
    const installed = spawnSync("busybox", ["--install", "-s", bin]);
    if (installed.status !== 0) throw new Error("busybox is not installed (Debian package busybox-static)");
    if (!also.includes("getfattr")) this.#script(join(bin, "getfattr"), "printf '\\040\\000\\000\\000'\n");
    for (const name of also) this.#script(join(bin, name), `exec ${which(name)} "$@"\n`);
    this.#path = bin;
  }

  /** Runs a script after all parts of the agent are read; `args` are its "$@". */
  script(text: string, ...args: readonly string[]): { status: number; stdout: string; stderr: string } {
    const source = PARTS.map((part) => `. "$AGENT/${part}.sh"`).join("\n");
    const stubs = "SESSION=s1; serial() { :; }; stage() { :; }; show() { :; }";
    const result = spawnSync(
      "busybox",
      ["sh", "-c", `set -u; umask 077\n${source}\n${stubs}\n${text}`, "agent", ...args],
      {
        env: { PATH: this.#path, LC_ALL: "C", AGENT, GETFATTR: join(this.#path, "getfattr"), RUN: this.run },
        encoding: "utf8",
        cwd: this.folder,
        timeout: 300_000,
        maxBuffer: 1 << 26,
      },
    );
    return { status: result.status ?? -1, stdout: result.stdout, stderr: result.stderr };
  }

  file(name: string, contents: string | Uint8Array): string {
    const path = join(this.folder, name);
    writeFileSync(path, contents);
    return path;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Instead of the applet of that name, if busybox has one: its link leads to the machine's own busybox. */
  #script(path: string, text: string): void {
    rmSync(path, { force: true });
    writeFileSync(path, `#!/bin/sh\n${text}`, { mode: 0o755, flag: "wx" });
  }
}

function which(name: string): string {
  return spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim();
}
