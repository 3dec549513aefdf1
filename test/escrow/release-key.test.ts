import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { randomRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import { RELEASE_CAPS, type ReleaseQuestion } from "../../src/escrow/release.ts";
import { type ReleaseAnswer, releaseKey } from "../../src/escrow/release-key.ts";
import { foldReleased, newReleased, releasedIn } from "../../src/escrow/released.ts";
import type { Vault } from "../../src/escrow/vault.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite.ts";
import { StoreError } from "../../src/ledger/store-error.ts";
import { verifyLedger } from "../../src/ledger/verify.ts";
import { type Guid, parseGuid } from "../../src/wire/guid.ts";
import { parseMac } from "../../src/wire/mac.ts";
import { depositOf, ID_A, newVault, PASSPHRASE, PASSWORD_A, temporaryFolder } from "./fixture.ts";

const CAPS = { asksPerProtector: 3, protectorsPerDevice: 2, perCampaign: 3, perMinute: 100 };
const PROTECTORS = Array.from({ length: 6 }, (_, index) => parseGuid(`0000000${index}-0000-0000-0000-000000000000`));
const DEVICES = [1, 2, 3].map((index) => parseMac(`52540000000${index}`));

/** A station's view of the ledger, as the server folds it. */
async function view(ledger: Ledger, session: string) {
  const released = newReleased();
  let is: "no-campaign" | "halted" | "armed" = "no-campaign";
  let paired = false;
  const entries = await ledger.read(0);
  for (const entry of entries) {
    foldReleased(released, entry);
    if (entry.body.type === "campaign.armed") is = "armed";
    if (entry.body.type === "campaign.halted") is = "halted";
    if (entry.body.type === "pairing.confirmed" && entry.body.session === session) paired = true;
  }
  const admission: ReleaseQuestion["admission"] =
    is === "armed"
      ? { admitted: true, campaign: { campaign: "c1" }, name: null, confirm: false }
      : { admitted: false, reason: is };
  return { admission, released: releasedIn(released, "c1"), paired, headSeq: entries.length };
}

interface Ask {
  readonly device: number;
  readonly session: number;
  readonly tried: readonly number[];
}

/** Each device lists four protectors, so neighbours share some: a moved disk, or a thief. */
const listedBy = (device: number): Guid[] => [0, 1, 2, 3].map((offset) => PROTECTORS[(device * 2 + offset) % 6]!);

async function questionOf(ledger: Ledger, vault: Vault, ask: Ask) {
  const session = `s${ask.device}-${ask.session}`;
  const { admission, released, paired, headSeq } = await view(ledger, session);
  const protectors = listedBy(ask.device).map((protectorId) => ({ volume: 1, protectorId, type: "recovery-password" }));
  const question: ReleaseQuestion = {
    admission,
    session: { session, device: DEVICES[ask.device]!, paired, protectors },
    volume: 1,
    tried: ask.tried.map((index) => PROTECTORS[index]!),
    deposits: vault.candidates(protectors.map(({ protectorId }) => protectorId)),
    released,
    caps: CAPS,
    sealed: vault.sealed,
    now: 0,
  };
  return { question, headSeq };
}

const ask = fc.record({ device: fc.nat(2), session: fc.nat(1), tried: fc.uniqueArray(fc.nat(5), { maxLength: 2 }) });
const command = fc.oneof(
  { weight: 16, arbitrary: fc.record({ do: fc.constant("ask" as const), ask }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("ask-twice-at-once" as const), ask }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("halt-meanwhile" as const), ask }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("halt" as const, "seal" as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom("arm" as const, "unseal" as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("pair" as const), ask }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("deposit" as const),
      protector: fc.nat(5),
      key: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    }),
  },
);

test("whatever is asked: each password has its own earlier entry, caps hold, and halted wins", async () => {
  let everReleased = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 20, maxLength: 80 }), async (commands) => {
      let now = 0;
      const path = join(temporaryFolder(), "ledger.sqlite");
      const open = () => openSqliteLedger(path, { station: "s", clock: () => now++, create: true });
      const [ledger, second] = [await open(), await open()];
      const vault = await newVault();
      const passwords = new Map<string, string>();
      let count = 0;
      const put = (type: string, more = {}) =>
        ledger.append({ body: { type, ...more }, actor: "operator:ada", commandId: `c${count++}` });
      const give = async (protectorId: Guid, key: Uint8Array) => {
        const password = randomRecoveryPassword(key);
        const { depositId } = await vault.deposit({ ...depositOf(protectorId), password });
        passwords.set(depositId, password.text.reveal());
      };
      for (const [index, protectorId] of PROTECTORS.slice(0, 5).entries())
        await give(protectorId, new Uint8Array(16).fill(index));
      await put("campaign.armed");
      await vault.unseal(PASSPHRASE);

      const answers: ReleaseAnswer[] = [];
      const used = new Set<number>();
      const check = async (answer: ReleaseAnswer) => {
        answers.push(answer);
        if (answer === "stale-view" || !("released" in answer)) return;
        everReleased += 1;
        const { receipt, released, protectorId } = answer;
        const [entry] = await second.read(receipt.seq - 1, 1);
        expect(entry).toMatchObject({ hash: receipt.hash, body: { type: "key.released", protectorId } });
        expect(passwords.get(String(entry!.body.depositId))).toBe(released.reveal());
        expect(used.has(receipt.seq)).toBe(false);
        used.add(receipt.seq);
        const before = await second.read(0, receipt.seq - 1);
        const campaign = before.filter(({ body }) => body.type.startsWith("campaign.")).at(-1);
        expect(campaign?.body.type).toBe("campaign.armed");
      };
      for (const each of commands) {
        if (each.do === "arm") await put("campaign.armed");
        if (each.do === "halt") await put("campaign.halted");
        if (each.do === "seal") vault.seal();
        if (each.do === "unseal") await vault.unseal(PASSPHRASE);
        if (each.do === "pair") await put("pairing.confirmed", { session: `s${each.ask.device}-${each.ask.session}` });
        if (each.do === "deposit") await give(PROTECTORS[each.protector]!, each.key);
        if (each.do === "ask") {
          const { question, headSeq } = await questionOf(ledger, vault, each.ask);
          const answer = await releaseKey({ ledger, vault, question, headSeq });
          if (vault.sealed) expect(answer).not.toHaveProperty("released");
          await check(answer);
        }
        if (each.do === "ask-twice-at-once") {
          const { question, headSeq } = await questionOf(ledger, vault, each.ask);
          const twins = [ledger, second].map((store) => releaseKey({ ledger: store, vault, question, headSeq }));
          const both = await Promise.all(twins);
          expect(both.filter((answer) => answer !== "stale-view" && "released" in answer).length).toBeLessThan(2);
          for (const answer of both) await check(answer);
        }
        if (each.do === "halt-meanwhile") {
          const { question, headSeq } = await questionOf(ledger, vault, each.ask);
          await second.append({ body: { type: "campaign.halted" }, actor: "operator:bob", commandId: `h${count++}` });
          const answer = await releaseKey({ ledger, vault, question, headSeq });
          expect(answer).not.toHaveProperty("released");
          await check(answer);
        }
      }

      const { released } = await view(ledger, "");
      const entries = (await second.read(0)).filter(({ body }) => body.type === "key.released");
      expect(entries).toHaveLength(used.size);
      expect(released.pairs).toBeLessThanOrEqual(CAPS.perCampaign);
      for (const protectors of released.byDevice.values())
        expect(protectors.size).toBeLessThanOrEqual(CAPS.protectorsPerDevice);
      for (const releases of released.bySession.values()) {
        const attempts = Map.groupBy(releases, ({ protectorId }) => protectorId);
        for (const each of attempts.values()) {
          expect(each.map(({ attempt }) => attempt)).toEqual(each.map((_, index) => index + 1));
          expect(each.length).toBeLessThanOrEqual(CAPS.asksPerProtector);
        }
      }
      expect(await verifyLedger(second)).toMatchObject({ holds: true });
      await ledger.close();
      await second.close();
    }),
    { numRuns: 60 },
  );
  expect(everReleased).toBeGreaterThan(100);
}, 60_000);

test("if the ledger cannot write, nothing is released and the device waits", async () => {
  const vault = await newVault();
  await vault.deposit(depositOf(ID_A, PASSWORD_A));
  await vault.unseal(PASSPHRASE);
  const full = () => Promise.reject(new StoreError("full", "ledger", "ledger.sqlite", "disk full"));
  const ledger = { append: full, appendIfHead: full } as unknown as Ledger;
  const question: ReleaseQuestion = {
    admission: { admitted: true, campaign: { campaign: "c1" }, name: null, confirm: false },
    session: {
      session: "s",
      device: DEVICES[0]!,
      paired: false,
      protectors: [{ volume: 1, protectorId: ID_A, type: "recovery-password" }],
    },
    volume: 1,
    tried: [],
    deposits: vault.candidates([ID_A]),
    released: releasedIn(newReleased(), "c1"),
    caps: RELEASE_CAPS,
    sealed: false,
    now: 0,
  };
  expect(await releaseKey({ ledger, vault, question, headSeq: 0 })).toEqual({ wait: "ledger-unavailable" });
  expect(await releaseKey({ ledger, vault, question: { ...question, volume: 2 }, headSeq: 0 })).toEqual({
    wait: "ledger-unavailable",
  });
});
