import { copyFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { createVault, openVault, type Vault, VaultSealed } from "../../src/escrow/vault.ts";
import type { EntryBody } from "../../src/ledger/events/event.ts";
import { Receipt } from "../../src/ledger/ledger.ts";
import { Secret } from "../../src/wire/secret.ts";
import { entryOf, event } from "../ledger/event.ts";
import {
  depositOf,
  ID_A,
  ID_B,
  ID_C,
  newVault,
  PASSPHRASE,
  PASSWORD_A,
  PASSWORD_B,
  showsDigits,
  temporaryFolder,
} from "./fixture.ts";

const clock = () => 1_721_360_000_000;

function receiptOf(body: EntryBody, repeated = false): Receipt {
  return Receipt.mint(entryOf(body, { seq: 7 }), repeated);
}
const released = (depositId: string, repeated = false) => receiptOf(event("key.released", { depositId }), repeated);

async function unsealed(): Promise<Vault> {
  const vault = await newVault();
  await vault.unseal(PASSPHRASE);
  return vault;
}

describe("depositing and finding", () => {
  test("a sealed vault takes deposits, and they are found by ID, first 8 characters and device name", async () => {
    const vault = await newVault();
    const { depositId } = await vault.deposit(depositOf());
    const deposit = {
      depositId,
      protectorId: ID_A,
      deviceName: "PC-0001",
      directory: "Entra",
      source: "a.csv",
      depositedAt: clock(),
    };
    expect(vault.sealed).toBe(true);
    expect(vault.find({ protectorId: ID_A })).toMatchObject([deposit]);
    expect(vault.find({ first8: "24b0aa32" })).toMatchObject([deposit]);
    expect(vault.find({ deviceName: "pc-0001" })).toMatchObject([deposit]);
    expect(vault.find({ protectorId: ID_B })).toEqual([]);
  });

  test("the first 8 characters find every deposit that begins so, and no other", async () => {
    const vault = await newVault();
    const twin = `${ID_A.slice(0, 8)}${ID_B.slice(8)}` as typeof ID_A;
    await vault.depositAll([depositOf(ID_A), depositOf(twin, PASSWORD_B), depositOf(ID_B, PASSWORD_B)]);
    expect(vault.find({ first8: ID_A.slice(0, 8) }).map(({ protectorId }) => protectorId)).toEqual([twin, ID_A]);
  });

  test("the same password for the same protector again is already present", async () => {
    const vault = await newVault();
    const first = await vault.deposit(depositOf());
    expect(await vault.deposit(depositOf())).toEqual({ is: "present", depositId: first.depositId, others: 0 });
    expect(await vault.depositAll([depositOf(ID_B), depositOf(ID_B)])).toMatchObject([
      { is: "deposited" },
      { is: "present" },
    ]);
    expect(vault.status()).toMatchObject({ deposits: 2, conflicts: [] });
  });

  test("a later export's device name replaces the old one, and a missing name replaces nothing", async () => {
    const vault = await newVault();
    await vault.deposit(depositOf(ID_A, PASSWORD_A, null));
    await vault.deposit(depositOf(ID_A, PASSWORD_A, "PC-NEW"));
    await vault.deposit(depositOf(ID_A, PASSWORD_A, null));
    expect(vault.find({ deviceName: "PC-NEW" })).toHaveLength(1);
  });

  test("devices' names reach deposits by the directory's ID of the device, and only change what was different", async () => {
    const vault = await newVault();
    const deviceId = "1AB40AB2-32A8-4B00-B6B5-BA724E407DE9";
    await vault.depositAll([
      { ...depositOf(ID_A, PASSWORD_A, null), deviceId },
      { ...depositOf(ID_B, PASSWORD_B, "OLD"), deviceId },
      depositOf(ID_C, PASSWORD_B, "OTHER"),
    ]);
    expect(await vault.nameDevices([{ deviceId, deviceName: "LAPTOP-7" }])).toBe(2);
    expect(await vault.nameDevices([{ deviceId, deviceName: "LAPTOP-7" }])).toBe(0);
    expect(
      vault
        .find({ deviceName: "laptop-7" })
        .map(({ protectorId }) => protectorId)
        .sort(),
    ).toEqual([ID_A, ID_B]);
    expect(vault.find({ deviceName: "OTHER" })).toHaveLength(1);
  });

  test("two passwords for one protector are both kept, newest first, and counted as a conflict", async () => {
    const vault = await newVault();
    const old = await vault.deposit(depositOf(ID_A, PASSWORD_A));
    const young = await vault.deposit(depositOf(ID_A, PASSWORD_B));
    expect([old.others, young.others]).toEqual([0, 1]);
    expect(vault.candidates([ID_A]).map(({ depositId }) => depositId)).toEqual([young.depositId, old.depositId]);
    expect(vault.status()).toMatchObject({ deposits: 2, protectors: 1, devices: 1, conflicts: [ID_A] });
  });

  test("what a second process deposits is there at once", async () => {
    const path = join(temporaryFolder(), "vault.sqlite");
    const vault = await newVault(path);
    const other = await openVault(path, { clock });
    await other.deposit(depositOf());
    await other.close();
    expect(vault.candidates([ID_A])).toHaveLength(1);
  });
});

describe("sealing", () => {
  test("a wrong passphrase is an answer, not an exception, and the vault stays sealed", async () => {
    const vault = await newVault();
    expect(await vault.unseal(new Secret("six plain words for a text"))).toBe("wrong-passphrase");
    expect(vault.sealed).toBe(true);
    expect(await vault.unseal(PASSPHRASE)).toBe("unsealed");
    expect(vault.status().sealed).toBe(false);
  });

  test("a vault that is opened again is sealed, and its passphrase still opens it", async () => {
    const path = join(temporaryFolder(), "vault.sqlite");
    const { depositId } = await (await newVault(path)).deposit(depositOf());
    const again = await openVault(path, { clock });
    await expect(again.open(depositId, released(depositId))).rejects.toThrow(VaultSealed);
    await again.unseal(PASSPHRASE);
    expect((await again.open(depositId, released(depositId))).reveal()).toBe(PASSWORD_A);
    again.seal();
    await expect(again.open(depositId, released(depositId))).rejects.toThrow(VaultSealed);
    await again.close();
  });
});

describe("opening", () => {
  test("a deposit opens with the receipt of its own release alone", async () => {
    const vault = await unsealed();
    const { depositId } = await vault.deposit(depositOf());
    const other = await vault.deposit(depositOf(ID_B, PASSWORD_B));
    const wrong = [
      released(other.depositId),
      receiptOf(event("key.rotated", { depositIds: [depositId] })),
      { ...released(depositId) } as Receipt,
      Object.assign(Object.create(Receipt.prototype), { body: event("key.released", { depositId }) }) as Receipt,
      undefined as never,
    ];
    for (const receipt of wrong)
      await expect(vault.open(depositId, receipt)).rejects.toThrow(/receipt of its own release/);
    expect((await vault.open(depositId, released(depositId))).reveal()).toBe(PASSWORD_A);
  });

  test("a receipt that repeats an earlier release opens nothing", async () => {
    const vault = await unsealed();
    const { depositId } = await vault.deposit(depositOf());
    await expect(vault.open(depositId, released(depositId, true))).rejects.toThrow(/released deposit .* once already/);
  });

  test("an unknown deposit is a fault", async () => {
    await expect((await unsealed()).open("nope", released("nope"))).rejects.toThrow(/there is no deposit/);
  });

  test("a record moved to another protector's row does not open", async () => {
    const path = join(temporaryFolder(), "vault.sqlite");
    const vault = await newVault(path);
    await vault.unseal(PASSPHRASE);
    const [a, b] = await vault.depositAll([depositOf(), depositOf(ID_B, PASSWORD_B)]);
    const raw = new DatabaseSync(path);
    raw.exec(`UPDATE deposit SET record = (SELECT record FROM deposit WHERE depositId = '${b!.depositId}')`);
    raw.close();
    await expect(vault.open(a!.depositId, released(a!.depositId))).rejects.toThrow(/belongs to another key protector/);
  });

  test("a damaged record says so and says whose it is", async () => {
    const path = join(temporaryFolder(), "vault.sqlite");
    const vault = await newVault(path);
    await vault.unseal(PASSPHRASE);
    const { depositId } = await vault.deposit(depositOf());
    const raw = new DatabaseSync(path);
    raw.exec("UPDATE deposit SET record = replace(record, 'AGE ENCRYPTED', 'AGE encrypted')");
    raw.close();
    await expect(vault.open(depositId, released(depositId))).rejects.toThrow(
      new RegExp(`record of ${ID_A} is damaged`),
    );
  });
});

describe("the file", () => {
  test("is its owner's alone and holds neither a password nor the identity in the clear", async () => {
    const path = join(temporaryFolder(), "vault.sqlite");
    const vault = await newVault(path);
    await vault.unseal(PASSPHRASE);
    await vault.depositAll([depositOf(), depositOf(ID_B, PASSWORD_B)]);
    await vault.close();
    const bytes = readFileSync(path, "latin1");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(showsDigits(bytes)).toBe(false);
    expect(bytes).not.toMatch(/AGE-SECRET-KEY/);
    for (const password of [PASSWORD_A, PASSWORD_B])
      expect(bytes).not.toContain(Buffer.from(depositOf(ID_A, password).password.key.reveal()).toString("latin1"));
  });

  test("is made once: a second vault in its place is refused and the first one stays", async () => {
    const path = join(temporaryFolder(), "vault.sqlite");
    const { vaultId } = await newVault(path);
    await expect(createVault(path, { clock, passphrase: PASSPHRASE, workFactor: 1 })).rejects.toMatchObject({
      exitCode: 3,
    });
    const again = await openVault(path, { clock });
    expect(again.vaultId).toBe(vaultId);
    await again.close();
  });

  test("that is missing, or no vault, is an operator's error", async () => {
    const path = join(temporaryFolder(), "vault.sqlite");
    await expect(openVault(path, { clock })).rejects.toThrow(/There is no vault at/);
    writeFileSync(path, "no vault at all ".repeat(100));
    await expect(openVault(path, { clock })).rejects.toMatchObject({ fault: "not-a-store" });
  });

  test("with a damaged identity says so instead of blaming the passphrase", async () => {
    const path = join(temporaryFolder(), "vault.sqlite");
    await (await newVault(path)).close();
    const other = await newVault();
    const raw = new DatabaseSync(path);
    raw.prepare("UPDATE vault SET recipient = ?").run(other.recipient);
    raw.close();
    const vault = await openVault(path, { clock });
    await expect(vault.unseal(PASSPHRASE)).rejects.toThrow(/identity does not belong to its recipient/);
    await vault.close();
  });
});

test("nothing the vault hands out shows a password by accident", async () => {
  const vault = await unsealed();
  const { depositId } = await vault.deposit(depositOf());
  const secret = await vault.open(depositId, released(depositId));
  const things = [vault, vault.status(), vault.find({ protectorId: ID_A }), depositOf(), secret, { secret }];
  for (const thing of things) {
    expect(showsDigits(JSON.stringify(thing) + inspect(thing, { depth: 9, showHidden: true }) + String(thing))).toBe(
      false,
    );
  }
});

test("a vault that version 1 made opens for ever", async () => {
  const path = join(temporaryFolder(), "vault.sqlite");
  copyFileSync(join(import.meta.dirname, "../vectors/vault/version-1.sqlite"), path);
  const vault = await openVault(path, { clock });
  const [deposit] = vault.find({ first8: ID_A.slice(0, 8) });
  expect(deposit).toMatchObject({
    protectorId: ID_A,
    deviceName: "PC-0001",
    source: "keys.csv",
    depositedAt: 1_721_361_600_000,
  });
  expect(await vault.deposit(depositOf())).toMatchObject({ is: "present", depositId: deposit!.depositId });
  await vault.unseal(PASSPHRASE);
  expect((await vault.open(deposit!.depositId, released(deposit!.depositId))).reveal()).toBe(PASSWORD_A);
  await vault.close();
});
