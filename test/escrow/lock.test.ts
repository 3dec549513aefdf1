import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { LockChange } from "../../src/escrow/locks/lock.ts";
import { unmadeChanges } from "../../src/escrow/locks/lock-story.ts";
import { openVault, type Vault } from "../../src/escrow/vault.ts";
import type { Ledger, Receipt } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { Secret } from "../../src/wire/secret.ts";
import { depositOf, newVault, PASSPHRASE, temporaryFolder } from "./fixture.ts";

const clock = () => 1_721_360_000_000;
const NEW = new Secret("another six words for a test");
const SIZE = { threshold: 2, shares: 3 };

async function start(): Promise<{ vault: Vault; ledger: Ledger; path: string }> {
  const folder = temporaryFolder();
  const path = join(folder, "vault.sqlite");
  const vault = await newVault(path);
  const ledger = await openLedger(join(folder, "ledger.sqlite"), { station: "t", clock, create: true });
  await vault.unseal(PASSPHRASE);
  return { vault, ledger, path };
}

let commands = 0;
function append(ledger: Ledger, { body }: LockChange): Promise<Receipt> {
  return ledger.append({ body, actor: "operator:ada", commandId: `c${commands++}` });
}

async function split(vault: Vault, ledger: Ledger) {
  const { change, cards, set } = await vault.locks.split(vault.heldIdentity(), SIZE, randomBytes);
  vault.locks.apply(change, await append(ledger, change), clock());
  return { cards, set };
}

describe("custodians", () => {
  test("open the vault with as many shares as the threshold, in any order, and the passphrase still does", async () => {
    const { vault, ledger } = await start();
    const { cards } = await split(vault, ledger);
    vault.seal();
    expect(await vault.unsealByShares([cards[0]!])).toBe("shares-do-not-combine");
    expect(vault.sealed).toBe(true);
    expect(await vault.unsealByShares([cards[2]!, cards[0]!])).toBe("unsealed");
    vault.seal();
    expect(await vault.unseal(PASSPHRASE)).toBe("unsealed");
    await ledger.close();
  });

  test("of an older splitting open nothing any more, and no deposit was touched", async () => {
    const { vault, ledger, path } = await start();
    await vault.deposit(depositOf());
    const before = vault.find({ deviceName: "PC-0001" });
    const old = await split(vault, ledger);
    const young = await split(vault, ledger);
    vault.seal();
    expect(await vault.unsealByShares(old.cards.slice(0, 2))).toBe("shares-do-not-combine");
    const forged = old.cards.slice(0, 2).map((card) => ({ ...card, setId: young.set.setId }));
    expect(await vault.unsealByShares(forged)).toBe("shares-do-not-combine");
    expect(await vault.unsealByShares(young.cards.slice(1))).toBe("unsealed");
    expect(vault.locks.list().map(({ kind, set }) => [kind, set?.setId ?? null])).toEqual([
      ["passphrase", null],
      ["custodians", young.set.setId],
    ]);
    expect(vault.find({ deviceName: "PC-0001" })).toEqual(before);
    expect(readFileSync(path, "latin1")).not.toContain(old.set.setId);
    await ledger.close();
  });

  test("open a vault whose passphrase is lost, and give it a new one", async () => {
    const { vault, ledger } = await start();
    const { cards } = await split(vault, ledger);
    vault.seal();
    await vault.unsealByShares(cards.slice(0, 2));
    const change = await vault.locks.rekey(vault.heldIdentity(), NEW, 1);
    vault.locks.apply(change, await append(ledger, change), clock());
    vault.seal();
    expect(await vault.unseal(PASSPHRASE)).toBe("wrong-passphrase");
    expect(await vault.unseal(NEW)).toBe("unsealed");
    await ledger.close();
  });
});

describe("rekeying", () => {
  test("replaces the passphrase in the file itself: the old lock's bytes are gone", async () => {
    const { vault, ledger, path } = await start();
    const old = /FILE-----\n[^\n]*\n([^\n]+)\n/.exec(readFileSync(path, "latin1"))![1]!;
    const change = await vault.locks.rekey(vault.heldIdentity(), NEW, 1);
    vault.locks.apply(change, await append(ledger, change), clock());
    expect(change.body).toMatchObject({ type: "vault.rekeyed", vaultId: vault.vaultId });
    await vault.close();
    expect(readFileSync(path, "latin1")).not.toContain(old);
    const again = await openVault(path, { clock });
    expect(await again.unseal(NEW)).toBe("unsealed");
    await again.close();
    await ledger.close();
  });

  test("needs the receipt of that very change", async () => {
    const { vault, ledger } = await start();
    const one = await vault.locks.rekey(vault.heldIdentity(), NEW, 1);
    const other = await vault.locks.rekey(vault.heldIdentity(), NEW, 1);
    const receipt = await append(ledger, other);
    for (const wrong of [receipt, { ...receipt, body: one.body } as Receipt])
      expect(() => vault.locks.apply(one, wrong, clock())).toThrow(/receipt of that very change/);
    await ledger.close();
  });

  test("that two processes do at once is done by one, and the other is told", async () => {
    const { vault, ledger } = await start();
    const one = await vault.locks.rekey(vault.heldIdentity(), NEW, 1);
    const other = await vault.locks.rekey(vault.heldIdentity(), new Secret("a third one, twelve"), 1);
    vault.locks.apply(one, await append(ledger, one), clock());
    const receipt = await append(ledger, other);
    expect(() => vault.locks.apply(other, receipt, clock())).toThrow(/Another command changed the vault/);
    vault.seal();
    expect(await vault.unseal(NEW)).toBe("unsealed");
    await ledger.close();
  });
});

describe("removing a lock", () => {
  test("is refused for the last one and for one that is not there", async () => {
    const { vault, ledger } = await start();
    const [only] = vault.locks.list();
    expect(() => vault.locks.remove(only!.number)).toThrow(/is the only one/);
    expect(() => vault.locks.remove(99)).toThrow(/no lock 99/);
    await ledger.close();
  });

  test("that was the last but one a moment ago leaves the last one", async () => {
    const { vault, ledger } = await start();
    await split(vault, ledger);
    const [one, other] = vault.locks.list().map(({ number }) => vault.locks.remove(number));
    vault.locks.apply(one!, await append(ledger, one!), clock());
    const receipt = await append(ledger, other!);
    expect(() => vault.locks.apply(other!, receipt, clock())).toThrow(/Another command changed the vault/);
    expect(vault.locks.list()).toHaveLength(1);
    await ledger.close();
  });
});

describe("a crash between the entry and the change", () => {
  test("leaves the old lock in force, and the ledger's entry is shown as not made until it is done again", async () => {
    const { vault, ledger } = await start();
    const lost = await vault.locks.rekey(vault.heldIdentity(), NEW, 1);
    const { seq } = await append(ledger, lost);
    vault.seal();
    expect(await vault.unseal(NEW)).toBe("wrong-passphrase");
    expect(await vault.unseal(PASSPHRASE)).toBe("unsealed");
    const unmade = async () => unmadeChanges(await ledger.read(0), vault.vaultId, vault.locks.list());
    expect(await unmade()).toEqual([{ seq, at: clock(), type: "vault.rekeyed" }]);
    const again = await vault.locks.rekey(vault.heldIdentity(), NEW, 1);
    vault.locks.apply(again, await append(ledger, again), clock());
    expect(await unmade()).toEqual([]);
    await ledger.close();
  });

  test("of a removal shows the lock as still there; one that was made shows nothing", async () => {
    const { vault, ledger } = await start();
    await split(vault, ledger);
    const removal = vault.locks.remove(vault.locks.list()[1]!.number);
    const receipt = await append(ledger, removal);
    const unmade = async () => unmadeChanges(await ledger.read(0), vault.vaultId, vault.locks.list());
    expect(await unmade()).toMatchObject([{ seq: receipt.seq, type: "vault.lock-removed" }]);
    vault.locks.apply(removal, receipt, clock());
    expect(await unmade()).toEqual([]);
    await ledger.close();
  });
});
