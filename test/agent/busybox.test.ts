import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { AgentShell } from "./busybox.ts";

const folder = mkdtempSync(join(tmpdir(), "breakglass-busybox-"));
const machine = process.env.PATH;
afterAll(() => {
  process.env.PATH = machine;
  rmSync(folder, { recursive: true });
});

it("the stand-in for getfattr never writes into the machine's busybox, whose applet has that name since 1.37", () => {
  const bin = join(folder, "bin");
  const busybox = join(bin, "busybox");
  const text = `#!/bin/sh\nln -s "$0" "$3/getfattr"\nln -s "$0" "$3/sha256sum"\n`;
  mkdirSync(bin);
  writeFileSync(busybox, text, { mode: 0o755 });
  process.env.PATH = `${bin}:${machine}`;
  const shell = new AgentShell(["sha256sum"]);
  process.env.PATH = machine;
  const stands = ["getfattr", "sha256sum"].map((name) => lstatSync(join(shell.folder, "bin", name)).isFile());
  shell.remove();
  expect(readFileSync(busybox, "utf8")).toBe(text);
  expect(stands).toEqual([true, true]);
});
