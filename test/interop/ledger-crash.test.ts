import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ownMounts } from "../../src/drill/lab/own-mounts.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { verifyLedger } from "../../src/ledger/verify.ts";

const APPENDER = join(import.meta.dirname, "ledger-appender.ts");
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ledger-crash-"));
  path = join(folder, "ledger.sqlite");
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Run {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly done: Promise<string[]>;
}

/** Collects the child's lines; `onLine` sees the count so far. */
function watch(child: ChildProcess, onLine: (count: number) => void = () => {}): Run {
  const lines: string[] = [];
  let rest = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    for (const part of parts) {
      lines.push(part);
      onLine(lines.length);
    }
  });
  const done = new Promise<string[]>((resolve) => child.on("close", () => resolve(lines)));
  return { child, lines, done };
}

function append(
  name: string,
  count: number,
  lanes: number,
  onLine?: (count: number, child: ChildProcess) => void,
): Run {
  const child = spawn(process.execPath, [APPENDER, path, name, String(count), String(lanes)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return watch(child, (so) => onLine?.(so, child));
}

async function inLedger(): Promise<{
  commands: Set<string>;
  verdict: Awaited<ReturnType<typeof verifyLedger>>;
  damage: readonly string[];
}> {
  const ledger = await openLedger(path, { station: "test", clock: Date.now });
  const commands = new Set((await ledger.read(0)).map(({ commandId }) => commandId));
  const found = { commands, verdict: await verifyLedger(ledger), damage: await ledger.integrity() };
  await ledger.close();
  return found;
}
const acknowledged = (lines: string[]) =>
  lines.filter((line) => line.startsWith("ack ")).map((line) => line.split(" ")[1]!);

test("a process killed with -9 while appending loses no acknowledged entry, and the chain holds", async () => {
  const acked: string[] = [];
  for (const [round, limit] of [37, 150, 401, 900].entries()) {
    const { done } = append(`r${round}`, 1_000_000, 4, (count, child) => {
      if (count === limit) child.kill("SIGKILL");
    });
    acked.push(...acknowledged(await done));
    const { commands, verdict, damage } = await inLedger();
    expect(verdict).toMatchObject({ holds: true });
    expect(damage).toEqual([]);
    expect(acked.filter((id) => !commands.has(id))).toEqual([]);
  }
  expect(acked.length).toBeGreaterThan(1_400);
});

test("processes that create and append to one ledger at once keep one chain", async () => {
  const runs = ["a", "b", "c"].map((name) => append(name, 300, 3));
  const lines = (await Promise.all(runs.map(({ done }) => done))).flat();
  const { commands, verdict } = await inLedger();
  expect(lines).toHaveLength(900);
  expect(new Set(lines.map((line) => line.split(" ")[2])).size).toBe(900);
  expect(verdict).toMatchObject({ holds: true, entries: 900 });
  expect(acknowledged(lines).every((id) => commands.has(id))).toBe(true);
});

test("a full disk rejects the append, counts nothing as written, and takes entries again once there is room", async () => {
  const mount = join(folder, "small");
  mkdirSync(mount);
  path = join(mount, "ledger.sqlite");
  const script = `mount -t tmpfs -o size=512k tmpfs "$1" && head -c 262144 /dev/zero > "$1/ballast"
    "$2" "$3" "$4" full 800 1 | grep -m1 ^fail
    rm "$1/ballast"
    "$2" "$3" "$4" after 5 1 && cp "$4" "$5"`;
  const copy = join(folder, "copy.sqlite");
  // As root without a user namespace: in a chroot the kernel makes none.
  const user = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const shell = [...user, ...ownMounts(), "sh", "-c", script, "sh", mount, process.execPath, APPENDER, path, copy];
  const { stdout, stderr } = spawnSync("unshare", shell, { encoding: "utf8" });
  const lines = stdout.trim().split("\n");
  expect(lines[0], stderr).toMatch(/^fail full full-\d+$/);
  expect(acknowledged(lines)).toHaveLength(5);
  path = copy;
  const { commands, verdict } = await inLedger();
  expect(verdict).toMatchObject({ holds: true, entries: commands.size });
  expect(commands.has(lines[0]!.split(" ")[2]!)).toBe(false);
});

test("after a disk error every further append is refused until the ledger is opened anew", async () => {
  const limited = spawn(
    "bash",
    ["-c", 'ulimit -f 200; exec "$0" "$@"', process.execPath, APPENDER, path, "limited", "600", "1"],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const lines = await watch(limited).done;
  const first = lines.findIndex((line) => line.startsWith("fail"));
  expect(lines).toHaveLength(600);
  expect(first).toBeGreaterThan(10);
  expect(lines.slice(first).every((line) => line.startsWith("fail storage "))).toBe(true);
  const { commands, verdict } = await inLedger();
  expect(verdict).toMatchObject({ holds: true });
  expect(acknowledged(lines).filter((id) => !commands.has(id))).toEqual([]);
});
