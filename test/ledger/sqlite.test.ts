import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { NewEntry } from "../../src/ledger/entry.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { verifyLedger } from "../../src/ledger/verify.ts";
import { OperatorError } from "../../src/wire/operator-error.ts";
import { event } from "./event.ts";
import { appendAsLaterVersion } from "./later-version.ts";
import { storeContract } from "./store-contract.ts";

let folder: string;
let path: string;
let now: number;
const opened: Ledger[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ledger-"));
  path = join(folder, "ledger.sqlite");
  now = 1_721_360_000_000;
});
afterEach(async () => {
  for (const ledger of opened.splice(0)) await ledger.close();
  rmSync(folder, { recursive: true });
});

async function open(create = true): Promise<Ledger> {
  const ledger = await openLedger(path, { station: "laptop-1", clock: () => now, create });
  opened.push(ledger);
  return ledger;
}
const fact = (commandId: string, body: NewEntry["body"] = event("station.started")): NewEntry => ({
  actor: "station",
  commandId,
  body,
});

storeContract("an SQLite file", () => {
  const own = mkdtempSync(join(tmpdir(), "ledger-contract-"));
  const file = join(own, "ledger.sqlite");
  return {
    open: (clock) => openLedger(file, { station: "laptop-1", clock, create: true }),
    appendAsLaterVersion: (body) => appendAsLaterVersion(file, body),
    remove: () => rmSync(own, { recursive: true }),
  };
});

test("the ledger file and its companions are readable by their owner alone", async () => {
  await (await open()).append(fact("one"));
  for (const name of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(name).mode & 0o777).toBe(0o600);
});

test("the file itself refuses to change or drop an entry", async () => {
  await (await open()).append(fact("one"));
  const raw = new DatabaseSync(path);
  expect(() => raw.exec("UPDATE entry SET actor = 'nobody'")).toThrow(/append-only/);
  expect(() => raw.exec("DELETE FROM entry")).toThrow(/append-only/);
  raw.close();
});

describe("opening", () => {
  test("a missing ledger is an operator's error unless it is to be made", async () => {
    await expect(open(false)).rejects.toThrow(OperatorError);
    await expect(open(false)).rejects.toThrow(/There is no ledger at/);
  });

  test("a file that is no database is left as it was", async () => {
    writeFileSync(path, "this is a letter, not a ledger\n".repeat(99));
    await expect(open()).rejects.toMatchObject({ fault: "not-a-store" });
    expect(readFileSync(path, "utf8")).toMatch(/^this is a letter/);
  });

  test("another program's database is left as it was", async () => {
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE cookies (name TEXT)");
    other.close();
    const before = readFileSync(path);
    await expect(open()).rejects.toThrow(/not a ledger. It was left untouched/);
    expect(readFileSync(path)).toEqual(before);
  });

  test("a ledger of a later version names both versions", async () => {
    await (await open()).close();
    const raw = new DatabaseSync(path);
    raw.exec("PRAGMA user_version = 2");
    raw.close();
    await expect(open()).rejects.toThrow(/of version 2, and this breakglass knows version 1/);
  });

  test("a ledger whose last entry was changed takes no more entries", async () => {
    const ledger = await open();
    await ledger.append(fact("one"));
    await ledger.close();
    tamper("UPDATE entry SET actor = 'nobody' WHERE seq = 1");
    await expect(open()).rejects.toMatchObject({ fault: "damaged", message: expect.stringContaining("last entry, 1") });
  });

  test("a truncated file is damaged, not empty", async () => {
    const ledger = await open();
    await Promise.all(Array.from({ length: 200 }, (_, index) => ledger.append(fact(`c${index}`))));
    await ledger.close();
    writeFileSync(path, readFileSync(path).subarray(0, 20_000));
    await expect(open(false).then((half) => half.read(0))).rejects.toMatchObject({ fault: "damaged" });
  });

  test("a folder in the ledger's place is called one", async () => {
    path = folder;
    await expect(open()).rejects.toMatchObject({ fault: "not-a-store", message: expect.stringContaining("folder") });
  });
});

function tamper(sql: string): void {
  const raw = new DatabaseSync(path);
  raw.exec(`DROP TRIGGER noUpdate; DROP TRIGGER noDelete; ${sql}`);
  raw.close();
}

describe("verifying a file", () => {
  beforeEach(async () => {
    const ledger = await open();
    await Promise.all(
      Array.from({ length: 500 }, (_, index) =>
        ledger.append(fact(`c${index}`, event("agent.stage", { uptime: index }))),
      ),
    );
    await ledger.close();
  });

  test("an untouched ledger holds", async () => {
    const ledger = await open(false);
    expect(await verifyLedger(ledger)).toMatchObject({ holds: true, entries: 500 });
    expect(await ledger.integrity()).toEqual([]);
  });

  test.each([
    [
      "a changed body",
      "UPDATE entry SET body = replace(body, '\"uptime\":41', '\"uptime\":43') WHERE seq = 42",
      "hash",
      42,
    ],
    ["a dropped entry", "DELETE FROM entry WHERE seq = 17", "sequence", 17],
    ["a changed time", "UPDATE entry SET at = at - 1 WHERE seq = 30", "time", 30],
    ["a body that is no JSON", "UPDATE entry SET body = '{' WHERE seq = 300", "unreadable", 300],
  ])("%s is found and located", async (_what, sql, fault, seq) => {
    tamper(sql);
    expect(await verifyLedger(await open(false))).toMatchObject({ holds: false, fault, seq });
  });

  test("one damaged byte anywhere in an entry's text is found and located", async () => {
    const clean = readFileSync(path);
    const copy = join(folder, "copy.sqlite");
    for (const word of ["laptop-1", "agent.stage", "station"]) {
      const offset = clean.lastIndexOf(word);
      const bad = Buffer.from(clean);
      bad[offset] = bad[offset]! ^ 1;
      writeFileSync(copy, bad);
      copyFileSync(copy, path);
      const verdict = await verifyLedger(await open(false));
      expect(verdict).toMatchObject({ holds: false, fault: "hash" });
      expect((verdict as { seq: number }).seq).toBeGreaterThan(0);
    }
  });
});
