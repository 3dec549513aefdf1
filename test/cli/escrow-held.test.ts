import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, test } from "vitest";
import { createVault } from "../../src/escrow/vault.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { Secret } from "../../src/wire/secret.ts";
import { event } from "../ledger/event.ts";
import { breakglass, REFUSAL } from "./program.ts";
import { run, temporaryFolder } from "./run.ts";

const PASSPHRASE = "six plain words for a test";
const ID = "24B0AA32-F8D0-40BA-BB05-73A800324C09";
const PASSWORD = "461109-608201-413820-485342-181588-463056-430617-501391";
let state: string;
let files: string;
let vault: string;

beforeEach(async () => {
  files = temporaryFolder();
  state = join(files, "state");
  vault = join(state, "vault.sqlite");
  mkdirSync(state, { mode: 0o700 });
  const ledger = await openOwn();
  const options = { clock: Date.now, passphrase: new Secret(PASSPHRASE), workFactor: 1, ledgerId: ledger.ledgerId };
  await (await createVault(vault, options)).close();
  await ledger.close();
});

const openOwn = () => openLedger(join(state, "ledger.sqlite"), { station: "test", clock: Date.now, create: true });

/** Runs `breakglass escrow ARGS` here; each `NAME-fd` option's text comes on a descriptor of its own. */
async function escrow(args: readonly string[], texts: Readonly<Record<string, string>> = {}) {
  const open: number[] = [];
  const given = Object.entries(texts).flatMap(([name, text]) => {
    const file = join(files, `${name}-${Math.random()}`);
    writeFileSync(file, text);
    open.push(openSync(file, "r"));
    rmSync(file);
    return [`--${name}-fd`, String(open.at(-1))];
  });
  try {
    return await run("escrow", ...args, "--state", state, ...given);
  } finally {
    for (const each of open) closeSync(each);
  }
}

const passphrase = { passphrase: `${PASSPHRASE}\n` };

async function split(name: string, opener: Readonly<Record<string, string>> = passphrase): Promise<string[]> {
  const out = join(files, name);
  await escrow(["custodians", "split", "--threshold", "2", "--shares", "3", "--out", out], opener);
  return sharesOf(out);
}

/** What is on the cards, as a custodian would type it. */
function sharesOf(page: string): string[] {
  const lists = readFileSync(page, "utf8").match(/<ol>.*?<\/ol>/gs)!;
  return lists.map((list) =>
    list
      .replace(/<small>.*?<\/small>/g, "")
      .replace(/<[^>]+>/g, " ")
      .trim(),
  );
}

async function events() {
  const ledger = await openOwn();
  const entries = await ledger.read(0);
  await ledger.close();
  return entries.map(({ body }) => body);
}

function importOne(name = "keys.csv") {
  writeFileSync(join(files, name), `KeyID,RecoveryKey\n${ID},${PASSWORD}\n`);
  return escrow(["import", join(files, name)]);
}

const locks = async () => JSON.parse((await escrow(["lock", "list", "--json"])).stdout);

describe("custodians split", () => {
  test("writes cards that only their owner may read, and any two of the three open the vault", async () => {
    const shares = await split("cards.html");
    expect(statSync(join(files, "cards.html")).mode & 0o777).toBe(0o600);
    expect(shares).toHaveLength(3);
    for (const some of [
      [0, 1],
      [2, 0],
    ]) {
      const typed = some.map((each) => shares[each]!.toLowerCase()).join("\n\n");
      expect((await escrow(["verify", "--open"], { shares: typed })).stdout).toMatch(/^The vault is whole/);
    }
    expect((await events())[0]).toMatchObject({ type: "vault.split", threshold: 2, shares: 3, replaces: [] });
    expect(JSON.stringify(await events())).not.toContain(shares[0]!.split(/\s+/)[5]);
  });

  test("again replaces the older set, says so, and its cards are refused by name", async () => {
    const old = await split("one.html");
    const out = join(files, "two.html");
    const sizes = ["--threshold", "3", "--shares", "5"];
    const { stdout } = await escrow(["custodians", "split", ...sizes, "--out", out], { shares: old.join("\n") });
    expect(stdout).toMatch(
      /^Any 3 of 5 shares of set [0-9A-F]{8} now open the vault\.\nCards of set [0-9A-F]{8} open it/,
    );
    await expect(escrow(["verify", "--open"], { shares: old.join("\n") })).rejects.toMatchObject({
      message: expect.stringMatching(/^Line 1 is not taken \(share-of-another-set\): .* Nothing was checked\.$/),
      exitCode: 3,
    });
    expect((await locks()).locks).toHaveLength(2);
  });

  test("whose cards cannot be written changes nothing, and the ledger's entry is explained", async () => {
    const old = await split("one.html");
    const out = join(files, "nowhere", "cards.html");
    const again = ["custodians", "split", "--threshold", "2", "--shares", "2", "--out", out];
    await expect(escrow(again, passphrase)).rejects.toMatchObject({
      message: expect.stringContaining("What opened the vault before still does"),
      exitCode: 4,
    });
    expect((await escrow(["verify", "--open"], { shares: old.join("\n") })).exitCode).toBe(0);
    expect((await locks()).unmade).toMatchObject([{ type: "vault.split" }]);
    expect((await escrow(["lock", "list"])).stdout).toMatch(/announced vault\.split, but it was interrupted/);
  });

  test.each([
    [["--threshold", "4", "--shares", "3", "--out", "x.html"], /3 shares can never be 4/],
    [["--threshold", "2", "--shares", "3"], /no terminal to show the cards on/],
    [["--threshold", "2", "--shares", "3", "--terminal", "--out", "x.html"], /Both --out and --terminal/],
  ])("%j is refused before a passphrase is asked for", async (args, message) => {
    await expect(escrow(["custodians", "split", ...args])).rejects.toThrow(message);
    expect(await events()).toEqual([]);
  });

  test("never writes over a file", async () => {
    writeFileSync(join(files, "cards.html"), "mine");
    await expect(split("cards.html")).rejects.toThrow(/There is a file .* already/);
    expect(readFileSync(join(files, "cards.html"), "utf8")).toBe("mine");
  });
});

describe("shares from a descriptor", () => {
  test("that are mistyped, given twice, of another vault, too few, or no shares are refused by name", async () => {
    const [one, two] = (await split("cards.html")) as [string, string];
    const typo = one.replace(/.$/, (last) => (last === "Q" ? "P" : "Q"));
    const refusal = async (...lines: string[]) =>
      ((await escrow(["verify", "--open"], { shares: lines.join("\n") }).catch((error) => error)) as Error).message;
    expect(await refusal(two, typo)).toMatch(/^Line 2 is not taken \(mistyped-share\): a character of group 13 /);
    expect(await refusal(one, "", one)).toMatch(/^Line 3 is not taken \(share-given-already\): share 1 was given/);
    expect(await refusal(PASSPHRASE)).toMatch(/^Line 1 is not taken \(not-a-share\)/);
    expect(await refusal(one)).toMatch(/^1 share came, and 2 are needed\. Nothing was checked\.$/);
    for (const line of [one, two]) expect(await refusal(two, typo)).not.toContain(line.split(/\s+/)[8]);
  });

  test("together with a passphrase, or where there are no custodians, are refused", async () => {
    await expect(escrow(["verify", "--open"], { ...passphrase, shares: "x" })).rejects.toThrow(/Both a passphrase/);
    await expect(escrow(["verify", "--open"], { shares: "x" })).rejects.toThrow(/no custodians/);
  });
});

describe("a lost passphrase", () => {
  test("is replaced by the custodians, and no deposit is touched", async () => {
    await importOne();
    const shares = await split("cards.html");
    const before = (await escrow(["find", ID])).stdout;
    await escrow(["rekey"], { shares: shares.slice(1).join("\n"), "new-passphrase": "another six words\n" });
    await expect(escrow(["verify", "--open"], passphrase)).rejects.toThrow(/passphrase does not open the vault/);
    expect((await escrow(["verify", "--open"], { passphrase: "another six words\n" })).stdout).toMatch(
      /1 deposit, every/,
    );
    expect((await escrow(["find", ID])).stdout).toBe(before);
    expect((await events()).at(-3)).toMatchObject({
      type: "vault.rekeyed",
      openedBy: { by: "custodians", shares: [2, 3] },
    });
  }, 60_000);
});

describe("a lost share", () => {
  test("is made good by splitting again with those that are left", async () => {
    const [, two, three] = (await split("one.html")) as [string, string, string];
    const fresh = await split("two.html", { shares: `${three}\n${two}` });
    expect((await escrow(["verify", "--open"], { shares: fresh.slice(0, 2).join("\n") })).exitCode).toBe(0);
    expect((await locks()).locks.map(({ kind }: { kind: string }) => kind)).toEqual(["passphrase", "custodians"]);
  });
});

describe("lock remove", () => {
  test("takes a lock away that another one was opened for, and never the last", async () => {
    const shares = (await split("cards.html")).join("\n");
    await expect(escrow(["lock", "remove", "1"], passphrase)).rejects.toThrow(/no passphrase that could open it now/);
    await escrow(["lock", "remove", "1"], { shares });
    await expect(escrow(["verify", "--open"], passphrase)).rejects.toMatchObject({ exitCode: 3 });
    await expect(escrow(["lock", "remove", "2"], { shares })).rejects.toThrow(/is the only one/);
    await expect(escrow(["lock", "remove", "9"], { shares })).rejects.toThrow(/has no lock 9/);
    expect((await locks()).unmade).toEqual([]);
  });
});

describe("backup, damage, restore", () => {
  test("a damaged vault is found out, replaced by its backup, and what came after that is named", async () => {
    await importOne();
    const copy = join(files, "copy.sqlite");
    await escrow(["backup", "--out", copy]);
    await importOne("later.csv");
    const raw = new DatabaseSync(vault);
    raw.exec("UPDATE deposit SET record = 'x'");
    raw.close();
    const found = await escrow(["verify"]);
    expect(found.exitCode).toBe(1);
    expect(found.stdout).toMatch(/THE VAULT IS DAMAGED[\s\S]*24B0AA32[\s\S]*0 deposits of 1 can be used/);
    const { stdout } = await escrow(["restore", copy]);
    expect(stdout).toMatch(
      /is the backup now: 1 deposit\.\nWhat was there is kept as .*\.before-\d{14}\.\nImported after .*: later\.csv\./,
    );
    expect((await escrow(["verify", "--open"], passphrase)).stdout).toMatch(/^The vault is whole/);
    expect((await events()).map(({ type }) => type)).toContain("vault.restored");
  });

  test("a vault that is rubbish from its first byte on is damaged, and restored", async () => {
    await importOne();
    const copy = join(files, "copy.sqlite");
    await escrow(["backup", "--out", copy]);
    writeFileSync(vault, "rubbish ".repeat(1_000));
    expect((await escrow(["verify", "--json"])).exitCode).toBe(1);
    await escrow(["restore", copy]);
    expect((await escrow(["verify"])).exitCode).toBe(0);
  });

  test("another vault's backup is refused, and so is what is no backup", async () => {
    const other = join(files, "other.sqlite");
    const options = { clock: Date.now, passphrase: new Secret(PASSPHRASE), workFactor: 1 };
    await (await createVault(other, options)).close();
    await expect(escrow(["restore", other])).rejects.toMatchObject({ exitCode: 3, message: /is a backup of vault/ });
    writeFileSync(join(files, "text"), "text");
    await expect(escrow(["restore", join(files, "text")])).rejects.toThrow(/./);
    await expect(escrow(["restore", join(files, "nothing")])).rejects.toThrow(/there is no such file/);
    expect((await escrow(["verify"])).exitCode).toBe(0);
    expect(existsSync(`${vault}.restoring`)).toBe(false);
  });
});

describe("a lost ledger", () => {
  test("is noticed by every verb that would write, until it is back or another one is adopted", async () => {
    await importOne();
    rmSync(join(state, "ledger.sqlite"));
    await expect(importOne()).rejects.toMatchObject({ exitCode: 3, message: /belongs to ledger .* and it is gone/ });
    await expect(escrow(["lock", "list"])).rejects.toThrow(/it is gone/);
    expect(existsSync(join(state, "ledger.sqlite"))).toBe(false);
    await (await openOwn()).close();
    await expect(importOne()).rejects.toThrow(/what is there now is ledger/);
    await escrow(["adopt-ledger", "--reason", "the disk died"]);
    expect((await importOne()).exitCode).toBe(0);
    expect((await events())[0]).toMatchObject({ type: "vault.ledger-changed", reason: "the disk died" });
    await expect(escrow(["adopt-ledger", "--reason", "again"])).rejects.toMatchObject({ exitCode: 3 });
  });

  test("is said by verbs that only read", async () => {
    rmSync(join(state, "ledger.sqlite"));
    for (const args of [
      ["escrow", "status"],
      ["escrow", "find", "x"],
    ])
      expect((await breakglass([...args, "--state", state])).stderr).toMatch(/belongs to ledger .* and it is gone/);
    await (await openOwn()).close();
    const verified = await breakglass(["ledger", "verify", "--state", state]);
    expect(verified).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/what is there now is ledger/) });
  });

  test("is said by a halt, which halts all the same", async () => {
    rmSync(join(state, "ledger.sqlite"));
    const ledger = await openOwn();
    await ledger.append({ body: event("campaign.armed"), actor: "operator:a", commandId: "arm:c1" });
    await ledger.close();
    const { stdout, stderr, exitCode } = await breakglass(["halt", "--state", state]);
    expect(stderr).toMatch(/belongs to ledger .* what is there now is ledger/);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining("is HALTED")]);
  });
});

test("unseal without a station that runs says so, before anything is asked", async () => {
  await expect(escrow(["unseal"], passphrase)).rejects.toMatchObject({
    exitCode: 3,
    message: /No station serves from/,
  });
});

test("the real program refuses a wrong passphrase, and Node flags that would write its memory out", async () => {
  const wrong = await breakglass(["escrow", "verify", "--open", "--state", state, "--passphrase-fd", "3"], "x\n");
  expect([wrong.exitCode, wrong.stderr]).toEqual([3, expect.stringMatching(REFUSAL)]);
  chmodSync(state, 0o700);
  process.env.NODE_OPTIONS = "--heapsnapshot-signal=SIGUSR2";
  const leaky = await breakglass(["escrow", "verify", "--open", "--state", state, "--passphrase-fd", "3"], "x\n");
  delete process.env.NODE_OPTIONS;
  expect([leaky.exitCode, leaky.stderr]).toEqual([
    4,
    expect.stringMatching(/--heapsnapshot-signal.* Nothing was opened/),
  ]);
});
