import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { breakglass } from "./program.ts";
import { temporaryFolder } from "./run.ts";

const MAIN = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");
const FLAGS = ["--disable-sigusr1", "--disable-warning=ExperimentalWarning"];

/** Runs breakglass with standard output on a descriptor, or on a pipe whose reader is gone before it starts. */
function runWith(stdout: number | "closed-pipe", ...args: string[]) {
  return new Promise<{ readonly stderr: string; readonly exitCode: number | null }>((resolve) => {
    const line = [process.execPath, ...FLAGS, MAIN, ...args];
    // The shell waits for the reader's end, so that no write can come before it.
    const program =
      stdout === "closed-pipe"
        ? spawn("bash", ["-c", 'exec 4> >(exec true); wait $!; exec "$@" >&4', "bash", ...line], {
            stdio: ["ignore", "ignore", "pipe"],
          })
        : spawn(line[0]!, line.slice(1), { stdio: ["ignore", stdout, "pipe"] });
    let stderr = "";
    program.stderr!.on("data", (chunk) => {
      stderr += chunk;
    });
    program.on("close", (exitCode) => resolve({ stderr, exitCode }));
  });
}

describe.skipIf(!existsSync("/dev/full"))("a verb whose output cannot be written", () => {
  let state: string;
  beforeAll(() => {
    state = join(temporaryFolder(), "state");
  });

  test.each([
    ["describes the API", ["api", "describe"]],
    ["shows its help", ["--help"]],
    ["lists remedies", ["remedy", "list"]],
  ])("%s: a full disk is exit code 5 and a sentence, never a trace", async (_what, args) => {
    const full = openSync("/dev/full", "w");
    const { stderr, exitCode } = await runWith(full, ...args);
    closeSync(full);
    expect(exitCode).toBe(5);
    expect(stderr).toBe(
      "breakglass: The command was carried out, but its output could not be written: the disk is full.\n" +
        "  next: Make room there, or send the output elsewhere. The ledger says what was done.\n",
    );
  });

  test("a reader that has had enough is no failure", async () => {
    expect(await runWith("closed-pipe", "api", "describe")).toEqual({ stderr: "", exitCode: 0 });
  });

  test("a verb that refuses still says no with its own exit code", async () => {
    const full = openSync("/dev/full", "w");
    const { stderr, exitCode } = await runWith(full, "halt", "--state", state);
    closeSync(full);
    expect(stderr).not.toMatch(/\n +at /);
    expect(exitCode).toBe((await breakglass(["halt", "--state", state])).exitCode);
  });
});
