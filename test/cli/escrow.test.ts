import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { createVault } from "../../src/escrow/vault.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { Secret } from "../../src/wire/secret.ts";
import { run, temporaryFolder } from "./run.ts";

const PASSWORD = "461109-608201-413820-485342-181588-463056-430617-501391";
const ID = "24B0AA32-F8D0-40BA-BB05-73A800324C09";
let state: string;
let files: string;

beforeEach(() => {
  files = temporaryFolder();
  state = join(files, "state");
});

const escrow = (...args: string[]) => run("escrow", ...args, "--state", state);

function file(name: string, content: string): string {
  writeFileSync(join(files, name), content);
  return join(files, name);
}

async function init(passphrase = "six plain words for a test\n") {
  const fd = openSync(file("passphrase", passphrase), "r");
  try {
    return await escrow("init", "--passphrase-fd", String(fd), "--json");
  } finally {
    closeSync(fd);
  }
}

/** A vault whose scrypt is as cheap as it gets. */
async function cheapVault(): Promise<void> {
  mkdirSync(state, { mode: 0o700 });
  const options = { clock: Date.now, passphrase: new Secret("six plain words for a test"), workFactor: 1 };
  await (await createVault(join(state, "vault.sqlite"), options)).close();
}

async function events() {
  const ledger = await openLedger(join(state, "ledger.sqlite"), { station: "test", clock: () => 0 });
  const entries = await ledger.read(0);
  await ledger.close();
  return entries.map(({ body }) => body);
}

describe("init", () => {
  test("makes a private folder, a vault and a ledger that begins with it", async () => {
    const { vaultId, recipient } = JSON.parse((await init()).stdout);
    expect(statSync(state).mode & 0o777).toBe(0o700);
    expect(statSync(join(state, "vault.sqlite")).mode & 0o777).toBe(0o600);
    expect(await events()).toEqual([{ type: "vault.created", vaultId, recipient }]);
  }, 60_000);

  test("a bad passphrase is refused and no vault is made", async () => {
    await expect(init("short")).rejects.toThrow(/shorter than 12/);
    expect(statSync(join(state, "vault.sqlite"), { throwIfNoEntry: false })).toBeUndefined();
  });

  test("a second vault in the same folder is refused before a passphrase is asked for", async () => {
    await cheapVault();
    await expect(escrow("init")).rejects.toMatchObject({ exitCode: 3 });
    await expect(init()).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining("already") });
  });

  test("a folder that others may look into is refused", async () => {
    mkdirSync(state);
    chmodSync(state, 0o750);
    await expect(init()).rejects.toMatchObject({ exitCode: 4, next: expect.stringContaining("chmod 700") });
  });
});

describe("import, find, status", () => {
  beforeEach(cheapVault);
  const csv = (...rows: string[]) => file("keys.csv", ["Hostname,KeyID,RecoveryKey,Directory", ...rows].join("\r\n"));
  const good = `"CN=PC-0001,DC=corp",${ID},${PASSWORD},ActiveDirectory`;

  test("a whole export goes in with exit code 0 and an entry with its counts", async () => {
    const { stdout, exitCode } = await escrow("import", csv(good));
    expect(exitCode).toBe(0);
    expect(stdout).toContain("1 row: 1 deposited, 0 already present, 0 superseded, 0 rejected.");
    expect((await events())[0]).toMatchObject({
      type: "vault.imported",
      source: "keys.csv",
      deposited: 1,
      present: 0,
      superseded: 0,
      rejected: 0,
    });
  });

  test("rejected rows are tabled with line and reason, without a digit, and the exit code is 1", async () => {
    const { stdout, exitCode } = await escrow(
      "import",
      csv(good, `PC-2,${ID},System.Object[],x`, `PC-3,${ID},${PASSWORD.slice(7)},x`),
    );
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(new RegExp(`^3 +${ID} +RecoveryKey is a PowerShell object's type`, "m"));
    expect(stdout).toMatch(new RegExp(`^4 +${ID} +group 8 is missing`, "m"));
    for (const group of PASSWORD.split("-")) expect(stdout).not.toContain(group);
    const again = JSON.parse((await escrow("import", csv(good), "--json")).stdout);
    expect(again).toMatchObject({ rows: 1, present: 1, rejected: 0, firstRejected: [] });
  });

  test("a file that is not there changes nothing", async () => {
    await expect(escrow("import", join(files, "nowhere.csv"))).rejects.toThrow(
      /there is no such file. Nothing was depo/,
    );
    expect(existsSync(join(state, "ledger.sqlite"))).toBe(false);
  });

  test.each([ID, `{${ID.toLowerCase()}}`, "24b0aa32", "pc-0001"])(
    "find %s shows the deposit and no password",
    async (text) => {
      await escrow("import", csv(good));
      const { stdout, exitCode } = await escrow("find", text);
      expect(exitCode).toBe(0);
      expect(stdout).toContain(ID);
      expect(stdout).toContain("PC-0001");
      expect(stdout).not.toContain(PASSWORD.slice(0, 6));
    },
  );

  test("find says when nothing fits, with exit code 1", async () => {
    expect(await escrow("find", "PC-0404")).toEqual({
      stdout: expect.stringMatching(/^Nothing in the vault fits. It looks for a whole key protector ID/),
      exitCode: 1,
    });
    await expect(escrow("find", " ")).rejects.toMatchObject({ exitCode: 2 });
  });

  test("find refuses a recovery password on the command line and does not repeat it", async () => {
    for (const words of [[PASSWORD], [PASSWORD.slice(0, 20)], PASSWORD.split("-"), [PASSWORD.replaceAll("-", "")]]) {
      const failure = await escrow("find", ...words).catch((error: Error) => error);
      expect(failure).toMatchObject({ name: "OperatorError" });
      expect((failure as Error).message).not.toMatch(/\d{6}/);
    }
  });

  test("a device name cannot drive the terminal", async () => {
    await escrow("import", csv(`PC\u001b[2J,${ID},${PASSWORD},x`));
    expect((await escrow("find", ID)).stdout).not.toContain("\u001b");
  });

  test("status counts, and names protectors with several passwords", async () => {
    const other = "496298-461032-321464-595518-463221-173943-033616-139579";
    await escrow("import", csv(good, `PC-1,${ID},${other},x`));
    expect(JSON.parse((await escrow("status", "--json")).stdout)).toMatchObject({
      deposits: 2,
      protectors: 1,
      conflicts: [ID],
      sealed: true,
    });
    expect((await escrow("status")).stdout).toContain(`Several different passwords for ${ID}`);
  });
});

test("without a vault every verb says how to start", async () => {
  for (const verb of [["status"], ["find", "x"], ["import", "x.csv"]])
    await expect(escrow(...verb)).rejects.toMatchObject({ next: expect.stringContaining("breakglass escrow init") });
});
