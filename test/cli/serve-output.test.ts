import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createVault } from "../../src/escrow/vault.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { handOver } from "../../src/server/unseal-socket.ts";
import { Secret } from "../../src/wire/secret.ts";
import { describeWith } from "../interop/needs.ts";
import { withTerminals } from "../interop/terminal.ts";
import { temporaryFolder } from "./run.ts";

const MAIN = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");
const LINE = [process.execPath, "--disable-warning=ExperimentalWarning", MAIN];
const PASSPHRASE = "six plain words for a test";

let state: string;
let program: ChildProcess | null = null;
let stdout = "";
let stderr = "";

beforeEach(async () => {
  state = join(temporaryFolder(), "state");
  mkdirSync(state, { mode: 0o700 });
  const options = { clock: Date.now, passphrase: new Secret(PASSPHRASE), workFactor: 1 };
  const vault = await createVault(join(state, "vault.sqlite"), options);
  const ledger = await openLedger(join(state, "ledger.sqlite"), { station: "t", clock: Date.now, create: true });
  vault.bindLedger(ledger.ledgerId);
  await Promise.all([vault.close(), ledger.close()]);
});
afterEach(() => {
  program?.kill("SIGKILL");
  program = null;
});

/** `api serve` with an open vault, its standard output at `out`; `through` is a command line that runs another one. */
function start(out: number | "pipe", through: readonly string[] = []): ChildProcess {
  const args = [...LINE, "api", "serve", "--state", state, "--port", "0", "--passphrase-fd", "3", "--json"];
  const [command, ...rest] = [...through, ...args] as [string, ...string[]];
  const child = spawn(command, rest, { stdio: ["ignore", out, "pipe", "pipe"] });
  program = child;
  [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr!.on("data", (chunk) => {
    stderr += chunk;
  });
  (child.stdio[3] as NodeJS.WritableStream).end(`${PASSPHRASE}\n`);
  return child;
}

/** The reason words in the log, in their order; `root`: where the file system is that the station sees. */
function logged(root = ""): string[] {
  const file = join(root, state, "log", "station.jsonl");
  if (!existsSync(file)) return [];
  const whole = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return whole.map((line) => (JSON.parse(line) as { reason: string }).reason);
}
const untilLogged = (reason: string, times = 1) =>
  expect
    .poll(() => logged().filter((each) => each === reason).length, { timeout: 60_000, interval: 5 })
    .toBeGreaterThanOrEqual(times);
const serves = () => handOver(join(state, "unseal.socket"), null).then((answer) => answer === "there");
const ended = (child: ChildProcess) => new Promise<number | null>((resolve) => child.on("close", resolve));

async function entries(): Promise<string[]> {
  const ledger = await openLedger(join(state, "ledger.sqlite"), { station: "t", clock: Date.now });
  const types = (await ledger.read(0)).map(({ body }) => body.type);
  await ledger.close();
  return types;
}

const STORY = ["vault.unsealed", "api-ready", "terminal-gone", "vault.sealed", "api-stopped", "station.stopped"];

/** It is asked to stop, and does so in order: the vault is sealed, ledger and log have it. */
async function stopsInOrder(child: ChildProcess, story: readonly string[] = STORY): Promise<void> {
  const end = ended(child);
  child.kill("SIGTERM");
  expect(await end).toBe(0);
  expect(await entries()).toEqual(["vault.unsealed", "vault.sealed"]);
  const told = logged();
  expect(story.filter((reason) => !told.includes(reason))).toEqual([]);
  expect(told.at(-1)).toBe("station.stopped");
  expect(stderr).not.toMatch(/\n +at /);
}

describe("a station whose words nobody can read any more goes on serving, and stops in order", () => {
  test("where the reader of its pipe is gone", async () => {
    const child = start("pipe", ["bash", "-c", 'exec 4> >(exec head -c 1); exec "$@" >&4', "bash"]);
    await untilLogged("api-ready");
    child.kill("SIGHUP");
    await untilLogged("terminal-gone");
    child.kill("SIGHUP");
    await untilLogged("terminal-gone", 2);
    await untilLogged("output-lost");
    expect(await serves()).toBe(true);
    await stopsInOrder(child, [...STORY, "output-lost"]);
  });

  test.skipIf(!existsSync("/dev/full"))("where the disk of its output is full", async () => {
    const full = openSync("/dev/full", "w");
    const child = start(full);
    closeSync(full);
    await untilLogged("output-lost");
    await untilLogged("api-ready");
    child.kill("SIGHUP");
    await untilLogged("terminal-gone");
    expect(await serves()).toBe(true);
    await stopsInOrder(child, [...STORY, "output-lost"]);
  });

  test("where its reader has stopped reading, and the pipe is full", async () => {
    // What is more than the pipe holds waits at the station; the station does not wait for its reader.
    const child = start("pipe", [
      "bash",
      "-c",
      'exec 4> >(exec tail --pid=$$ -f /dev/null 2>&-); exec "$@" >&4',
      "bash",
    ]);
    await untilLogged("api-ready");
    for (let times = 1; times <= 300; times++) {
      child.kill("SIGHUP");
      await untilLogged("terminal-gone", times);
    }
    expect(await serves()).toBe(true);
    await stopsInOrder(child);
  });
});

describe("a station that is told to stop while it starts", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "seals the vault that it has just opened, and ends with 0 (%s)",
    async (signal) => {
      const child = start("pipe");
      await untilLogged("vault.unsealed");
      const end = ended(child);
      child.kill(signal);
      expect(await end).toBe(0);
      expect(await entries()).toEqual(["vault.unsealed", "vault.sealed"]);
      expect(logged().at(-1)).toBe("station.stopped");
    },
  );

  test("cannot serve after all: the vault is sealed, and the log says why it did not start", async () => {
    // A folder where the CA's key should be: found out only after the vault was opened.
    mkdirSync(join(state, "station-ca.key"));
    expect(await ended(start("pipe"))).not.toBe(0);
    expect(await entries()).toEqual(["vault.unsealed", "vault.sealed"]);
    expect(logged().at(-1)).toBe("not-started");
  });
});

describeWith(["script"], "a station whose terminal is closed", () => {
  test("goes on serving, and stops in order", async () => {
    // script(1) makes the terminal. When it is killed, the kernel hangs the terminal up, as a closed window does.
    const pids = join(state, "pids");
    const quoted = [...LINE, "api", "serve", "--state", state, "--port", "0", "--sealed"].map((word) => `'${word}'`);
    const shell = `echo $$ $PPID > '${pids}'; exec ${quoted.join(" ")}`;
    const [command, ...args] = withTerminals(["script", "-qec", shell, "/dev/null"]) as [string, ...string[]];
    program = spawn(command, args, { stdio: ["pipe", "ignore", "ignore"] });
    await untilLogged("api-ready");
    const [station, terminal] = readFileSync(pids, "utf8").split(" ").map(Number) as [number, number];
    process.kill(terminal, "SIGKILL");
    await untilLogged("terminal-gone");
    // It says so at the terminal that is gone, too.
    await untilLogged("output-lost");
    expect(await serves()).toBe(true);
    process.kill(station, "SIGTERM");
    await untilLogged("station.stopped");
    await expect.poll(serves, { timeout: 60_000 }).toBe(false);
  });
});

describeWith(["unshare", "mount"], "a station whose log's disk is full", () => {
  test("says so, goes on serving, and writes on when there is room again", async () => {
    const log = join(state, "log");
    mkdirSync(log, { mode: 0o700 });
    const fill = `mount -t tmpfs -o size=64k,mode=700 tmpfs '${log}'; cat /dev/zero > '${log}/ballast' || exec "$@"`;
    const user = process.getuid?.() === 0 ? [] : ["--map-root-user"];
    const child = start("pipe", ["unshare", ...user, "--mount", "sh", "-c", fill, "sh"]);
    await expect.poll(() => stdout, { timeout: 60_000 }).toContain('"ready":');
    expect(stdout).toContain('"reason":"log-lost"');
    expect(await serves()).toBe(true);
    const root = `/proc/${child.pid}/root`;
    rmSync(join(root, log, "ballast"));
    child.kill("SIGHUP");
    await expect.poll(() => logged(root), { timeout: 60_000 }).toContain("log-back");
    const end = ended(child);
    child.kill("SIGTERM");
    expect(await end).toBe(0);
    expect(await entries()).toEqual(["vault.unsealed", "vault.sealed"]);
  });
});

describe("a station with a defect", () => {
  test("logs it without the secrets it quotes, seals its vault, and ends with 70", async () => {
    const password = "123456-234567-345678-456789-567890-678901-789012-890123";
    const script = join(import.meta.dirname, "crashing-station.ts");
    const child = spawn(process.execPath, [script, state, PASSPHRASE, `cannot read ${password}`], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    program = child;
    stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    expect(await ended(child)).toBe(70);
    expect(await entries()).toEqual(["vault.unsealed", "vault.sealed"]);
    expect(logged()).toEqual(["crash"]);
    const told = readFileSync(join(state, "log", "station.jsonl"), "utf8");
    expect(told).toContain("crashing-station.ts");
    for (const text of [told, stderr]) {
      expect(text).toContain("cannot read [a recovery password?]");
      expect(text).not.toContain(password.slice(0, 13));
    }
  });
});
