import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

export const root = join(import.meta.dirname, "..", "..");

/** What `npm run package` does, into another folder. */
export function makeRelease(out: string, cwd = root): void {
  const script = join(root, "setup", "package.ts");
  const made = spawnSync(process.execPath, [script, "--out", out], { cwd, encoding: "utf8" });
  expect(made.status, made.stderr + made.stdout).toBe(0);
}

/** Fills `folder` with links to all programs of /usr/bin but Node and npm, for a PATH like that of a machine without. */
export function programsWithoutNode(folder: string): void {
  mkdirSync(folder);
  const others = readdirSync("/usr/bin").filter((name) => !/^(node|nodejs|npm|npx|corepack)$/.test(name));
  for (const name of others) symlinkSync(join("/usr/bin", name), join(folder, name));
}
