import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ownMounts } from "../../src/drill/lab/own-mounts.ts";
import { breakglass, REFUSAL } from "./program.ts";

// Wrong answers that people got when they typed what people type. Each row runs the real program.
const root = mkdtempSync(join(tmpdir(), "breakglass-inputs-"));
const state = join(root, "rescue");
const at = (name: string) => join(root, name);
afterAll(() => rmSync(root, { recursive: true }));

const ARM = ["campaign", "arm", "--remedy", "channel-file-291"];

beforeAll(async () => {
  chmodSync(root, 0o755);
  const made = await breakglass(
    ["escrow", "init", "--state", state, "--passphrase-fd", "3"],
    "correct horse battery\n",
  );
  expect(made.exitCode, made.stderr).toBe(0);
  mkdirSync(at("folder"));
  writeFileSync(at("devices.xlsx"), "PK\x03\x04xxxxxxxxxl/workbook.xml");
  writeFileSync(at("renamed.csv"), "PK\x03\x04xxxxxxxxxl/workbook.xml");
  writeFileSync(at("devices.xls"), Buffer.from("d0cf11e0a1b11ae100000000", "hex"));
  writeFileSync(at("note.txt"), "hello\n");
});

/** What is typed, in words; the exit code; what stands in the answer. */
type Case = readonly [typed: string, args: () => readonly string[], exitCode: number, says: RegExp];

const WRONG: readonly Case[] = [
  [
    "an option before the verb",
    () => ["--state", state, "status"],
    2,
    /stands before the verb "status".*\n.*breakglass status --state/,
  ],
  [
    "an output file in a folder that is not there",
    () => ["ledger", "export", "--out", at("none/x"), "--state", state],
    2,
    /no such folder/,
  ],
  ["a required option that is mistyped", () => ["campaign", "arm", "--remdy", "x"], 2, /Did you mean --remedy\?/],
  ["an empty path", () => ["escrow", "coverage", "--inventory", ""], 2, /'--inventory <FILE>' is empty/],
  ["an empty path after =", () => ["escrow", "coverage", "--inventory="], 2, /'--inventory <FILE>' is empty/],
  ["a verb that is mistyped", () => ["campain", "arm"], 2, /Did you mean campaign\?/],
  ["no inventory, but a workbook", () => [...ARM, "--inventory", at("devices.xlsx")], 2, /is an Excel workbook/],
  ["a workbook under the name of a CSV", () => [...ARM, "--inventory", at("renamed.csv")], 2, /is an Excel workbook/],
  [
    "no inventory, but an old workbook",
    () => [...ARM, "--inventory", at("devices.xls")],
    2,
    /is an old Office document/,
  ],
  ["no inventory, but a folder", () => [...ARM, "--inventory", at("folder")], 2, /it is a folder/],
  ["no export, but a workbook", () => ["escrow", "import", at("devices.xlsx")], 2, /is an Excel workbook/],
  ["no export, but an old workbook", () => ["escrow", "import", at("devices.xls")], 2, /is an old Office document/],
  ["no export, but an empty folder", () => ["escrow", "import", at("folder")], 2, /There is no file in/],
  [
    "no backup, but a workbook",
    () => ["escrow", "restore", at("devices.xlsx")],
    2,
    /no backup of a vault: it is an Excel/,
  ],
  [
    "no backup, but a text",
    () => ["escrow", "restore", at("note.txt")],
    2,
    /no backup of a vault: it is not a database/,
  ],
  ["no backup, but a ledger", () => ["escrow", "restore", join(state, "ledger.sqlite")], 2, /it is a ledger/],
  ["no backup, but a folder", () => ["escrow", "restore", at("folder")], 2, /it is a folder/],
  ["no exported ledger, but a workbook", () => ["ledger", "verify", at("devices.xlsx")], 2, /is an Excel workbook/],
  ["no exported ledger, but a folder", () => ["ledger", "verify", at("folder")], 2, /it is a folder/],
  ["no exported ledger, but a ledger", () => ["ledger", "verify", join(state, "ledger.sqlite")], 2, /is a database/],
];

describe("what is typed is answered with the true cause", () => {
  test.each(WRONG)("%s", async (_typed, args, exitCode, says) => {
    const ran = await breakglass([...args(), "--state", state]);
    expect(ran).toMatchObject({ exitCode, stdout: "", stderr: expect.stringMatching(says) });
    expect(ran.stderr).toMatch(REFUSAL);
  });

  test("a wrong state folder is named, and the right one beside it", async () => {
    const ran = await breakglass(["campaign", "status", "--state", at("recsue")]);
    expect(ran).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`--state ${state}`) });
    const file = await breakglass(["escrow", "status", "--state", join(state, "vault.sqlite")]);
    expect(file).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`--state ${state}`) });
  });

  test("wrong usage ends with a command that can be pasted", async () => {
    const { stderr } = await breakglass(["campaign", "status", "--stat", state]);
    expect(stderr).toMatch(/\n {2}next: See: \S*breakglass campaign status --help\n$/);
  });
});

const VERBS: readonly (readonly string[])[] = [
  ["campaign", "status"],
  ["escrow", "status"],
  ["halt"],
  ARM,
  ["ledger", "verify"],
  ["ledger", "checkpoint"],
];
/** With what a person can still pull. */
const NOT_HALTED =
  /^breakglass: NOT HALTED: .*a running station goes on.*\n {2}next: Unplug the station's network cable now, or press Ctrl-C/;
/** A ledger that cannot be used now is neither lost nor to be replaced. */
const NOT_LOST = expect.not.stringMatching(/is gone|adopt-ledger/);

describe.skipIf(process.getuid?.() !== 0)("a ledger that cannot be used is not taken for a lost one", () => {
  const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "HOME=/tmp"];
  let foreign: string;
  beforeAll(() => {
    foreign = at("foreign");
    cpSync(state, foreign, { recursive: true });
    for (const name of [".", "vault.sqlite"]) chownSync(join(foreign, name), 65534, 65534);
  });

  test.each(VERBS)("by another user: %s %s", async (...args) => {
    const ran = await breakglass([...args, "--state", foreign], "", asNobody);
    expect(ran).toMatchObject({ exitCode: 4, stderr: NOT_LOST });
    expect(ran.stderr).toContain(
      `The ledger ${join(foreign, "ledger.sqlite")} cannot be opened for reading and writing`,
    );
    expect(ran.stderr).toMatch(/by this user .*\n {2}next: .*sudo/);
    if (args[0] === "halt") expect(ran.stderr).toMatch(NOT_HALTED);
  });

  test("unseal by the person whose folder it is, while `sudo serve` runs, names root's station", async () => {
    const door = createServer();
    const socket = join(foreign, "unseal.socket");
    await new Promise<void>((resolve) => door.listen(socket, resolve));
    chmodSync(socket, 0o600);
    const ran = await breakglass(["escrow", "unseal", "--state", foreign], "", asNobody);
    await new Promise((resolve) => door.close(resolve));
    const says =
      /A station serves from \S+, started by another user \(with sudo\?\).*\n {2}next: .*sudo .*escrow unseal/;
    expect(ran).toMatchObject({ exitCode: 3, stdout: "", stderr: expect.stringMatching(says) });
  });

  test("a support bundle by another user is refused before a file is made", async () => {
    const out = at("refused.jsonl.gz");
    const ran = await breakglass(["support-bundle", "--state", state, "--out", out], "", asNobody);
    expect(ran).toMatchObject({ exitCode: 4, stderr: expect.stringMatching(/belongs to root .*\n {2}next: .*sudo /) });
    expect(existsSync(out)).toBe(false);
  });

  test("by a user who may not enter the folder, and the next step is the same command as root", async () => {
    const ran = await breakglass(["halt", "--state", state], "", asNobody);
    expect(ran).toMatchObject({
      exitCode: 4,
      stderr: expect.stringMatching(/belongs to root .*\n {2}next: .*sudo .*halt --state/),
    });
  });

  test("a drill in a checkout that root set up is refused with a sentence", async () => {
    const mine = at("checkout");
    mkdirSync(join(mine, "x64"), { recursive: true });
    const args = ["drill", "run", "--cache", mine, "--report", at("open/report")];
    mkdirSync(at("open"));
    chmodSync(at("open"), 0o777);
    const ran = await breakglass(args, "", asNobody);
    expect(ran).toMatchObject({ exitCode: 4, stderr: expect.not.stringContaining("    at ") });
  });
});

/** Runs the program with a copy of the state folder on a disk of its own kind: `prepare` is a shell's, with $1 its folder. */
function onDisk(prepare: string): readonly string[] {
  const disk = mkdtempSync(at("disk-"));
  const user = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const script = `mount -t tmpfs -o size=2m tmpfs "$1" && cp -a "$2" "$1/rescue" && ${prepare} && shift 2 && exec "$@"`;
  return ["unshare", ...user, ...ownMounts(), "sh", "-ec", script, "sh", disk, state];
}
const diskOf = (through: readonly string[]) => through[through.length - 2]!;

describe("a halt that cannot be written", () => {
  const DAMAGE: readonly (readonly [string, (ledger: string) => void, RegExp])[] = [
    ["into a ledger with damaged pages", damagePages, /is damaged/],
    ["into a ledger that is no database", (ledger) => writeFileSync(ledger, "nonsense"), /is something else/],
    ["into a folder in the ledger's place", (ledger) => mkdirSync(ledger), /is something else.*it is a folder/],
  ];
  test.each(DAMAGE)("%s says NOT HALTED and what to unplug", async (_into, damage, says) => {
    const folder = mkdtempSync(at("damaged-"));
    cpSync(state, folder, { recursive: true });
    const ledger = join(folder, "ledger.sqlite");
    if (damage !== damagePages) rmSync(ledger);
    damage(ledger);
    const ran = await breakglass(["halt", "--state", folder]);
    expect(ran).toMatchObject({ exitCode: 4, stdout: "", stderr: expect.stringMatching(NOT_HALTED) });
    expect(ran.stderr).toMatch(says);
  });

  test("because it is the wrong folder names the station that serves from another one, and how to halt that", async () => {
    const serving = at("serving");
    mkdirSync(serving);
    const door = createServer();
    await new Promise<void>((resolve) => door.listen(join(serving, "unseal.socket"), resolve));
    const ran = await breakglass(["halt", "--state", state]);
    await new Promise((resolve) => door.close(resolve));
    expect(ran).toMatchObject({ exitCode: 3, stdout: "" });
    expect(ran.stderr).toMatch(/A station on this machine serves from/);
    expect(ran.stderr).toMatch(new RegExp(`Halt that one: [^]*breakglass halt --state ${serving}\\n`));
  });
});

/** Everything after the header is another ledger's, or nobody's. */
function damagePages(ledger: string): void {
  const bytes = readFileSync(ledger);
  writeFileSync(ledger, bytes.fill(0x5a, 512));
}

describe("a disk that takes no writes", () => {
  test.each(VERBS)("that is full: %s %s", async (...args) => {
    const through = onDisk('{ head -c 4000000 /dev/zero > "$1/ballast" 2>/dev/null || true; }');
    const ran = await breakglass([...args, "--state", join(diskOf(through), "rescue")], "", through);
    expect(ran).toMatchObject({ exitCode: 4, stdout: "", stderr: NOT_LOST });
    expect(ran.stderr).toMatch(/The ledger \S+ has no room to grow: the disk is full, and nothing was written/);
    expect(ran.stderr).not.toContain("    at ");
    if (args[0] === "halt") expect(ran.stderr).toMatch(NOT_HALTED);
  });

  test.each(VERBS)("that is read-only: %s %s", async (...args) => {
    const through = onDisk('mount -o remount,ro "$1"');
    const ran = await breakglass([...args, "--state", join(diskOf(through), "rescue")], "", through);
    expect(ran.stderr).toEqual(NOT_LOST);
    expect(ran.stderr).not.toContain("    at ");
    if (ran.exitCode !== 0) expect(ran).toMatchObject({ exitCode: 4, stderr: expect.stringMatching(/read-only/) });
  });

  test("is said before a drill is started, with nothing built", async () => {
    const through = onDisk('mount -o remount,ro "$1"');
    const ran = await breakglass(["drill", "run", "--report", join(diskOf(through), "new", "report")], "", through);
    expect(ran.exitCode).toBe(4);
    expect(ran.stderr).toMatch(/^breakglass: .*(read-only|no recovery image|not installed)/);
    expect(ran.stderr).toMatch(REFUSAL);
  });
});
