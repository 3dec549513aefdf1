import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, test } from "vitest";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { event } from "../ledger/event.ts";
import { appendAsLaterVersion } from "../ledger/later-version.ts";
import { run, temporaryFolder } from "./run.ts";

let state: string;
let path: string;
beforeEach(async () => {
  state = temporaryFolder();
  chmodSync(state, 0o700);
  path = join(state, "ledger.sqlite");
  const ledger = await openLedger(path, { station: "laptop-1", clock: () => 1_721_361_600_000, create: true });
  for (const name of ["one", "two", "three"])
    await ledger.append({
      body: event("device.admitted", { name: `${name}\u001b[31m` }),
      actor: "station",
      commandId: name,
    });
  await ledger.close();
});
const ledger = (...args: string[]) => run("ledger", ...args, "--state", state);

function tamper(sql: string): void {
  const raw = new DatabaseSync(path);
  raw.exec(`DROP TRIGGER noUpdate; DROP TRIGGER noDelete; ${sql}`);
  raw.close();
}

describe("verify", () => {
  test("says that the ledger holds and what to note down, with exit code 0", async () => {
    const { stdout, exitCode } = await ledger("verify");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/The ledger holds: 3 entries, the last at 2024-07-19 04:00:00Z/);
    const head = /head: (\S+)/.exec(stdout)![1]!;
    expect((await ledger("verify", "--expect", head)).exitCode).toBe(0);
  });

  test.each([
    ["a changed entry", "UPDATE entry SET actor = 'nobody' WHERE seq = 2", "entry 2 was changed"],
    ["a changed last entry", "UPDATE entry SET actor = 'nobody' WHERE seq = 3", "entry 3 was changed"],
    ["a dropped entry", "DELETE FROM entry WHERE seq = 2", "entry 2 is missing"],
  ])("locates %s, with exit code 1", async (_what, sql, message) => {
    tamper(sql);
    const { stdout, exitCode } = await ledger("verify");
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining(message)]);
    expect(JSON.parse((await ledger("verify", "--json")).stdout)).toMatchObject({ holds: false });
  });

  test("an end that was cut off is found by the head noted down before", async () => {
    const head = /head: (\S+)/.exec((await ledger("verify")).stdout)![1]!;
    tamper("DELETE FROM entry WHERE seq = 3");
    expect((await ledger("verify")).exitCode).toBe(0);
    const { stdout, exitCode } = await ledger("verify", "--expect", head);
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining("cut short or replaced")]);
  });

  test("checks an exported ledger alike", async () => {
    const out = join(state, "out.jsonl");
    await ledger("export", "--out", out);
    expect((await ledger("verify", "--export", out)).stdout).toContain("3 entries");
    writeFileSync(out, readFileSync(out, "utf8").replace('"commandId":"two"', '"commandId":"tow"'));
    const { stdout, exitCode } = await ledger("verify", "--export", out);
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining("entry 2 was changed")]);
    writeFileSync(out, readFileSync(out, "utf8").slice(0, -20));
    expect((await ledger("verify", "--export", out)).exitCode).toBe(1);
    writeFileSync(out, "rubbish\n");
    await expect(ledger("verify", "--export", out)).rejects.toMatchObject({ name: "OperatorError", exitCode: 2 });
    await expect(ledger("verify", "--export", state)).rejects.toThrow(/it is a folder/);
  });
});

describe("export", () => {
  test("writes one line per entry to a private new file, and never over an old one", async () => {
    const out = join(state, "out.jsonl");
    await ledger("export", "--out", out);
    const lines = readFileSync(out, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).commandId)).toEqual(["one", "two", "three"]);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect((await ledger("export")).stdout).toBe(readFileSync(out, "utf8"));
    await expect(ledger("export", "--out", out)).rejects.toThrow(/is there already and was left untouched/);
  });
});

describe("show", () => {
  test("tables the last events, and device text cannot drive the terminal", async () => {
    const { stdout } = await ledger("show", "--tail", "2");
    expect(stdout).toMatch(/2 +2024-07-19 04:00:00Z +station +device\.admitted .*name=two/);
    expect(stdout).not.toContain("name=one");
    expect(stdout).not.toContain("\u001b");
  });

  test("--json gives the entries whole, and the table keeps lists and documents short", async () => {
    await appendAsLaterVersion(path, { type: "x.y", list: [1, 2], all: { a: 1 } });
    expect((await ledger("show", "--tail", "1")).stdout).toContain("list=[2]");
    const { stdout } = await ledger("show", "--tail", "1", "--json");
    expect(JSON.parse(stdout).body).toEqual({ type: "x.y", list: [1, 2], all: { a: 1 } });
  });

  test.each(["0", "x", "-1"])("--tail %s is wrong usage", async (tail) => {
    await expect(ledger("show", `--tail=${tail}`)).rejects.toMatchObject({ code: "commander.invalidArgument" });
  });
});

test("a missing ledger is an operator's error", async () => {
  state = temporaryFolder();
  await expect(ledger("verify")).rejects.toThrow(/There is no ledger at/);
});
