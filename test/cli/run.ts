import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, vi } from "vitest";
import { beginRun } from "../../src/cli/next-step.ts";
import { addVerbs, VerbCommand } from "../../src/cli/verb-command.ts";
import { VERBS } from "../../src/cli/verbs.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "breakglass-cli-"));
  folders.push(folder);
  return folder;
}

/** Runs a verb in this process. Rejects with what the verb threw. */
export async function run(...args: string[]): Promise<{ readonly stdout: string; readonly exitCode: number }> {
  let stdout = "";
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  const program = new VerbCommand().exitOverride();
  program.hook("preAction", (_program, verb) => beginRun(VERBS, verb.opts().state as string | undefined));
  await addVerbs(program, VERBS, args);
  process.exitCode = 0;
  try {
    await program.parseAsync(args, { from: "user" });
    return { stdout, exitCode: Number(process.exitCode) };
  } finally {
    spy.mockRestore();
    process.exitCode = 0;
  }
}
