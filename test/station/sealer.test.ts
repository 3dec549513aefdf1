import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createVault, type Vault } from "../../src/escrow/vault.ts";
import type { EntryBody } from "../../src/ledger/events/event.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { StoreError } from "../../src/ledger/store-error.ts";
import { Desk } from "../../src/station/desk.ts";
import { Sealer, type SealerOptions } from "../../src/station/sealer.ts";
import { Secret } from "../../src/wire/secret.ts";
import { event } from "../ledger/event.ts";

const passphrase = new Secret("six plain words for a test");
const MINUTE = 60_000;
const story = { actor: "operator:ada", openedBy: { by: "passphrase" } } as const;
let folder: string;
let ledger: Ledger;
let vault: Vault;
let desk: Desk;
let sealer: Sealer;
let identity: Secret<string>;
let clocks: { wall: number; steady: number };
let sealed: string[];
let commands = 0;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "breakglass-sealer-"));
  const clock = Date.now;
  ledger = await openLedger(join(folder, "ledger.sqlite"), { station: "test", clock, create: true });
  vault = await createVault(join(folder, "vault.sqlite"), { clock, passphrase, workFactor: 1 });
  await vault.unseal(passphrase);
  identity = vault.heldIdentity();
  clocks = { wall: 1_000_000, steady: 0 };
  sealed = [];
  start({});
});
afterEach(async () => {
  await sealer.stop();
  await vault.close();
  await ledger.close();
  rmSync(folder, { recursive: true });
});

function start(options: Partial<SealerOptions>): void {
  desk = new Desk(ledger, (entry) => sealer.see(entry));
  sealer = new Sealer({
    ...{ freshId: randomUUID, vault, since: 0, idleMs: 60 * MINUTE, now: () => ({ ...clocks }) },
    record: (entry) => desk.record(entry),
    onSealed: (reason) => sealed.push(reason),
    onFault: (error) => {
      throw error;
    },
    ...options,
  });
}

function pass(minutes: number): void {
  for (let each = 0; each < minutes; each++) {
    clocks = { wall: clocks.wall + MINUTE, steady: clocks.steady + MINUTE };
    sealer.tick();
  }
}

const append = (body: EntryBody) => ledger.append({ body, actor: "test", commandId: `c${commands++}` });
const sealings = async () => {
  await sealer.stop();
  return (await ledger.read(0)).flatMap(({ body }) => (body.type === "vault.sealed" ? [body.reason] : []));
};

describe("idle", () => {
  test("seals after the time without a release, and writes down why", async () => {
    pass(59);
    expect(vault.sealed).toBe(false);
    pass(1);
    expect([vault.sealed, sealed]).toEqual([true, ["idle"]]);
    expect(await sealings()).toEqual(["idle"]);
    pass(200);
    expect(await sealings()).toEqual(["idle"]);
  });

  test("a release just before resets the clock, whichever process it came from", async () => {
    pass(59);
    await append(event("key.released"));
    await desk.catchUp();
    pass(59);
    expect(vault.sealed).toBe(false);
    pass(1);
    expect(vault.sealed).toBe(true);
  });

  test("never comes where it is turned off", () => {
    start({ idleMs: null });
    pass(5_000);
    expect(vault.sealed).toBe(false);
  });

  test("a clock that is set back keeps nothing open, and the hours of a closed lid count", () => {
    clocks = { wall: clocks.wall - 600 * MINUTE, steady: clocks.steady + 30 * MINUTE };
    sealer.tick();
    expect(vault.sealed).toBe(false);
    clocks = { wall: clocks.wall + 30 * MINUTE, steady: clocks.steady };
    sealer.tick();
    expect(vault.sealed).toBe(true);
  });
});

describe("a halt", () => {
  const halted = event("campaign.halted");

  test("seals at once, and arming again leaves it sealed", async () => {
    await append(halted);
    await desk.catchUp();
    expect([vault.sealed, sealed]).toEqual([true, ["halt"]]);
    expect(await sealings()).toEqual(["halt"]);
    await append(event("campaign.armed"));
    await desk.catchUp();
    pass(1);
    expect(vault.sealed).toBe(true);
  });

  test("that came before the vault was unsealed does not count", async () => {
    const { seq } = await append(halted);
    start({ since: seq });
    await desk.catchUp();
    expect(vault.sealed).toBe(false);
  });

  test("seals though the ledger cannot write it down", async () => {
    const faults: string[] = [];
    start({
      record: () => Promise.reject(new StoreError("full", "ledger", "x", "test")),
      onFault: ({ message }) => faults.push(message),
    });
    await append(halted);
    await desk.catchUp();
    await sealer.stop();
    expect(vault.sealed).toBe(true);
    expect(faults).toHaveLength(1);
  });
});

describe("unsealing", () => {
  test("is written down first, with who and by what, and starts the clock anew", async () => {
    pass(60);
    expect(await sealer.unseal(identity, story)).toBe("unsealed");
    const entry = (await ledger.read(0)).at(-1)!;
    expect(entry).toMatchObject({ actor: "operator:ada", body: { type: "vault.unsealed", openedBy: story.openedBy } });
    pass(59);
    expect(vault.sealed).toBe(false);
    pass(1);
    expect(vault.sealed).toBe(true);
  });

  test("with another vault's identity unseals nothing", async () => {
    vault.seal();
    const other = await createVault(join(folder, "other.sqlite"), { clock: Date.now, passphrase, workFactor: 1 });
    await other.unseal(passphrase);
    expect(await sealer.unseal(other.heldIdentity(), story)).toBe("of-another-vault");
    expect(await sealer.unseal(new Secret("AGE-SECRET-KEY-1NONSENSE"), story)).toBe("of-another-vault");
    expect(vault.sealed).toBe(true);
    await other.close();
  });

  test("without a ledger that can write unseals nothing", async () => {
    start({ record: () => Promise.reject(new StoreError("full", "ledger", "x", "test")) });
    vault.seal();
    expect(await sealer.unseal(identity, story)).toBe("ledger-unavailable");
    expect(vault.sealed).toBe(true);
  });

  test("loses against a halt that comes in meanwhile", async () => {
    vault.seal();
    const unsealing = sealer.unseal(identity, story);
    await append(event("campaign.halted"));
    expect(await unsealing).toBe("halted-meanwhile");
    expect(vault.sealed).toBe(true);
  });
});

test("a station that stops seals, and says so once", async () => {
  await sealer.stop();
  await sealer.stop();
  expect([vault.sealed, sealed]).toEqual([true, []]);
  expect(await sealings()).toEqual(["stop"]);
});
