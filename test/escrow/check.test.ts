import { closeSync, existsSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { backUpVault } from "../../src/escrow/backup.ts";
import { checkVault } from "../../src/escrow/check.ts";
import { recordProblem } from "../../src/escrow/record-shape.ts";
import { stageBackup, swapIn } from "../../src/escrow/restore.ts";
import { openVault, type Vault } from "../../src/escrow/vault.ts";
import { Receipt } from "../../src/ledger/ledger.ts";
import { parseGuid } from "../../src/wire/guid.ts";
import { entryOf, event } from "../ledger/event.ts";
import { depositOf, ID_A, ID_B, newVault, PASSPHRASE, PASSWORD_B, showsDigits, temporaryFolder } from "./fixture.ts";

const clock = () => 1_721_360_000_000;

async function vaultOf(deposits: number): Promise<{ vault: Vault; path: string; folder: string }> {
  const folder = temporaryFolder();
  const path = join(folder, "vault.sqlite");
  const vault = await newVault(path);
  const id = (index: number) => parseGuid(`${index.toString(16).padStart(8, "0")}${ID_A.slice(8)}`);
  await vault.depositAll(Array.from({ length: deposits }, (_, index) => depositOf(id(index + 1))));
  return { vault, path, folder };
}

function edit(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

async function opening(vault: Vault) {
  await vault.unseal(PASSPHRASE);
  const receipt = Receipt.mint(entryOf(event("vault.checking")), false);
  return { identity: vault.heldIdentity(), receipt };
}

describe("a check", () => {
  test("of a whole vault finds nothing, sealed or opened, and shows no password", async () => {
    const { vault, path } = await vaultOf(3);
    expect(await checkVault(path, null)).toEqual({
      ...{ vaultId: vault.vaultId, deposits: 3, locks: 1, damage: [], bad: [], opened: false },
    });
    const check = await checkVault(path, await opening(vault));
    expect(check).toMatchObject({ deposits: 3, bad: [], opened: true });
    expect(showsDigits(JSON.stringify(check))).toBe(false);
  });

  test("that opens records needs the ledger's receipt of a check", async () => {
    const { vault, path } = await vaultOf(1);
    const { identity } = await opening(vault);
    const receipt = { ...Receipt.mint(entryOf(event("vault.checking")), false) } as Receipt;
    await expect(checkVault(path, { identity, receipt })).rejects.toThrow(/receipt of a check/);
  });

  test.each([
    ["a record that is cut off", "UPDATE deposit SET record = substr(record, 1, 120) WHERE number = 2", /damaged: /],
    ["a record that is empty", "UPDATE deposit SET record = '' WHERE number = 2", /not an armored age file/],
    [
      "a protector ID that is none",
      "UPDATE deposit SET protectorId = 'x' WHERE number = 2",
      /protector ID is not a GUID/,
    ],
    ["one in lower case", "UPDATE deposit SET protectorId = lower(protectorId) WHERE number = 2", /ID is not a GUID/],
  ])("finds %s without opening anything", async (_what, sql, what) => {
    const { path } = await vaultOf(3);
    edit(path, sql);
    expect((await checkVault(path, null)).bad).toMatchObject([{ number: 2, what: expect.stringMatching(what) }]);
  });

  test("that opens records finds one that is another protector's, another vault's, or under another's fingerprint", async () => {
    const { vault, path } = await vaultOf(4);
    const other = await newVault();
    await other.deposit(depositOf(ID_B, PASSWORD_B));
    edit(path, "UPDATE deposit SET record = (SELECT record FROM deposit WHERE number = 1) WHERE number = 2");
    const raw = new DatabaseSync(path);
    const [foreign] = other.find({ protectorId: ID_B });
    const age = await import("age-encryption");
    const encrypter = new age.Encrypter();
    encrypter.addRecipient(other.recipient);
    raw
      .prepare("UPDATE deposit SET record = ? WHERE number = 3")
      .run(age.armor.encode(await encrypter.encrypt(`${foreign!.protectorId}`.padEnd(128))));
    raw.exec("UPDATE deposit SET fingerprint = upper(fingerprint) || 'x' WHERE number = 4");
    raw.close();
    expect((await checkVault(path, null)).bad).toEqual([]);
    const { bad } = await checkVault(path, await opening(vault));
    expect(bad.map(({ number, what }) => [number, what.replace(/[0-9A-F-]{36}/, "ID")])).toEqual([
      [2, "the record of ID belongs to another key protector"],
      [3, "the record of ID is damaged, or was made for another vault"],
      [4, "its fingerprint is another password's"],
    ]);
  });

  test("of a file with a damaged page names the deposits that are lost, and no others", async () => {
    const { vault, path } = await vaultOf(60);
    await vault.close();
    const pages = statSync(path).size / 4_096;
    const bytes = readFileSync(path);
    const leaf = Array.from({ length: pages }, (_, page) => page).findLast(
      (page) =>
        page > 0 && bytes[page * 4_096] === 0x0d && bytes.toString("latin1", page * 4_096).includes("BEGIN AGE"),
    )!;
    const file = openSync(path, "r+");
    writeSync(file, Buffer.alloc(4_096, 0x5a), 0, 4_096, leaf * 4_096);
    closeSync(file);
    const { damage, bad, deposits } = await checkVault(path, null);
    expect(deposits).toBe(60);
    expect(damage.length).toBeGreaterThan(0);
    expect(bad.length).toBeGreaterThan(0);
    expect(bad.length).toBeLessThan(10);
    expect(bad[0]).toMatchObject({
      protectorId: expect.stringMatching(/^[0-9A-F-]{36}$/),
      what: "its row cannot be read",
    });
  });

  test("knows a vault that has lost all its locks", async () => {
    const { path } = await vaultOf(1);
    edit(path, "DELETE FROM lock");
    expect((await checkVault(path, null)).damage).toEqual(["it has lost every lock: nothing opens it"]);
  });
});

describe("a record's shape", () => {
  const armored = (text: string) =>
    `-----BEGIN AGE ENCRYPTED FILE-----\n${Buffer.from(text, "latin1").toString("base64").replace(/.{64}/g, "$&\n").replace(/\n$/, "")}\n-----END AGE ENCRYPTED FILE-----\n`;
  const share = Buffer.alloc(32, 1).toString("base64").replace(/=+$/, "");
  const header = `age-encryption.org/v1\n-> X25519 ${share}\n${share}\n--- ${share}\n`;
  test.each([
    [header + "p".repeat(160), null],
    [header + "p".repeat(159), /payload has 159 bytes/],
    [header.replace("v1", "v2"), /version 1/],
    [header.replace("X25519", "scrypt"), /X25519/],
    [header.replace(`-> X25519 ${share}`, "-> X25519 AAAA"), /ephemeral share/],
    [header.replace("--- ", "-- "), /no end/],
  ])("%#: as it should be, or what is wrong", (text, expected) => {
    const found = recordProblem(armored(text));
    if (expected === null) expect(found).toBeNull();
    else expect(found).toMatch(expected);
  });
});

describe("a backup", () => {
  test("is its owner's alone, whole, and opens with the same passphrase; it never replaces a file", async () => {
    const { path, folder } = await vaultOf(3);
    const out = join(folder, "copy.sqlite");
    expect(await backUpVault(path, out)).toMatchObject({ deposits: 3, damage: [], bad: [] });
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const before = readFileSync(out);
    await expect(backUpVault(path, out)).rejects.toMatchObject({ exitCode: 3 });
    expect(readFileSync(out).equals(before)).toBe(true);
    const copy = await openVault(out, { clock });
    expect(await copy.unseal(PASSPHRASE)).toBe("unsealed");
    await copy.close();
  });

  test("of a damaged vault is refused and leaves no file", async () => {
    const { path, folder } = await vaultOf(3);
    edit(path, "UPDATE deposit SET record = '' WHERE number = 2");
    const out = join(folder, "copy.sqlite");
    await expect(backUpVault(path, out)).rejects.toThrow(/No backup was kept/);
    expect(existsSync(out)).toBe(false);
  });

  test("takes the vault's place, which is kept with its journal", async () => {
    const { vault, path, folder } = await vaultOf(3);
    const out = join(folder, "copy.sqlite");
    await backUpVault(path, out);
    await vault.close();
    writeFileSync(path, "rubbish");
    writeFileSync(`${path}-journal`, "old pages");
    await stageBackup(out, `${path}.restoring`);
    swapIn(`${path}.restoring`, path, `${path}.before`);
    expect(await checkVault(path, null)).toMatchObject({ deposits: 3, damage: [], bad: [] });
    expect(readFileSync(`${path}.before`, "utf8")).toBe("rubbish");
    expect(existsSync(`${path}-journal`)).toBe(false);
    expect(existsSync(`${path}.before-journal`)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("that is damaged itself is not taken, and nothing is left beside the vault", async () => {
    const { path, folder } = await vaultOf(3);
    const out = join(folder, "copy.sqlite");
    await backUpVault(path, out);
    edit(out, "UPDATE deposit SET record = '' WHERE number = 2");
    await expect(stageBackup(out, `${path}.restoring`)).rejects.toThrow(/damaged itself/);
    expect(existsSync(`${path}.restoring`)).toBe(false);
  });
});
