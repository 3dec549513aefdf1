import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import type { Deposit } from "../../src/escrow/deposit.ts";
import {
  decideHandRelease,
  type HandAnswer,
  type HandAsk,
  type HandQuestion,
  handReleaseEntry,
} from "../../src/escrow/hand-release.ts";
import { foldReleasedByHand, HAND_CAPS, newReleasedByHand } from "../../src/escrow/released-by-hand.ts";
import { createVault, type Vault } from "../../src/escrow/vault.ts";
import { type Entry, ofKind } from "../../src/ledger/entry.ts";
import type { BodyOf } from "../../src/ledger/events/event.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { releaseByHandAt } from "../../src/station/by-hand.ts";
import { Desk } from "../../src/station/desk.ts";
import { type Guid, parseGuid } from "../../src/wire/guid.ts";
import { entryOf, event } from "../ledger/event.ts";
import { depositOf, ID_A, ID_B, PASSPHRASE, PASSWORD_A } from "./fixture.ts";
import { fullDiskLedger } from "./full-disk-ledger.ts";

const NOW = 1_721_360_000_000;
const HOUR = 3_600_000;
const unsaid = { directory: null, deviceId: null, volumeType: null, createdAt: null, source: "a.csv", depositedAt: 0 };
const deposit = (protectorId = ID_A, depositId = "d1"): Deposit => ({
  ...unsaid,
  protectorId,
  depositId,
  deviceName: "PC-1",
});

function releasedBefore(...hoursAgo: number[]) {
  const fold = newReleasedByHand();
  for (const hours of hoursAgo.toSorted((one, other) => other - one)) {
    const body = event("key.released-by-hand", { protectorId: ID_A });
    foldReleasedByHand(fold, entryOf(body, { actor: "operator:ada", at: NOW - hours * HOUR }));
  }
  return fold;
}

function question(changes: Partial<HandQuestion> = {}): HandQuestion {
  const ask = { actor: "operator:ada", channel: "desk", reason: "no network boot", ticket: null } as const;
  return {
    ...{ ...ask, nth: 1, duringHalt: false, commandId: "c", deposits: [deposit()], halted: null },
    ...{ released: newReleasedByHand(), caps: HAND_CAPS, sealed: false, now: NOW },
    ...changes,
  };
}

describe("what a person asks for", () => {
  test("is released where one key protector fits, campaign or not; of its passwords the newest, or the one named", () => {
    const both = { deposits: [deposit(ID_A, "young"), deposit(ID_A, "old")] };
    expect(decideHandRelease(question())).toEqual({ release: deposit(), passwords: 1 });
    expect(decideHandRelease(question(both))).toMatchObject({ release: { depositId: "young" }, passwords: 2 });
    expect(decideHandRelease(question({ ...both, nth: 2 }))).toMatchObject({ release: { depositId: "old" } });
    expect(decideHandRelease(question({ ...both, nth: 3 }))).toEqual({ refuse: "no-key" });
  });

  test("is listed and not chosen where several key protectors fit", () => {
    const candidates = [deposit(ID_A), deposit(ID_B, "d2")];
    expect(decideHandRelease(question({ deposits: candidates }))).toEqual({ refuse: "ambiguous", candidates });
  });

  test("needs a reason that may stand in the ledger: some words, not too many, and no recovery password", () => {
    for (const reason of ["", "  ", "x".repeat(501), `it is ${PASSWORD_A}`, PASSWORD_A.replaceAll("-", ""), "\ud800"])
      expect(decideHandRelease(question({ reason }))).toEqual({ refuse: "bad-reason" });
    expect(decideHandRelease(question({ ticket: PASSWORD_A }))).toEqual({ refuse: "bad-reason" });
    expect(decideHandRelease(question({ ticket: "INC0123456", reason: "asset 123456 of 20240719" }))).toHaveProperty(
      "release",
    );
  });

  test("is refused while the campaign is halted, unless a person at the desk says that he knows; a script cannot", () => {
    const halted = { campaign: "c1" };
    expect(decideHandRelease(question({ halted }))).toEqual({ refuse: "halted" });
    expect(decideHandRelease(question({ halted, duringHalt: true }))).toHaveProperty("release");
    expect(decideHandRelease(question({ halted, duringHalt: true, channel: "api" }))).toEqual({ refuse: "halted" });
    const known = question({ halted, duringHalt: true });
    expect(handReleaseEntry(known, deposit()).body).toMatchObject({ duringHalt: "c1" });
  });

  test("is so much an hour for one actor, and so much a day for one key protector, whoever asks", () => {
    const caps = { perActorAnHour: 2, perProtectorADay: 3 };
    const twice = { caps, released: releasedBefore(0.2, 0.9) };
    const until = NOW + 0.1 * HOUR;
    expect(decideHandRelease(question(twice))).toEqual({ refuse: "hand-cap", cap: "actor", until });
    expect(decideHandRelease(question({ ...twice, now: until }))).toHaveProperty("release");
    expect(decideHandRelease(question({ ...twice, actor: "operator:bob" }))).toHaveProperty("release");
    const thrice = { caps, released: releasedBefore(2, 5, 23), actor: "operator:bob" };
    expect(decideHandRelease(question(thrice))).toMatchObject({ refuse: "hand-cap", cap: "protector" });
    expect(decideHandRelease(question({ ...thrice, deposits: [deposit(ID_B)] }))).toHaveProperty("release");
    expect(decideHandRelease(question({ ...thrice, now: NOW + HOUR }))).toHaveProperty("release");
  });

  test("gives nobody a second share where the clock was set back", () => {
    const caps = { perActorAnHour: 1, perProtectorADay: 9 };
    const early = question({ caps, released: releasedBefore(0), now: NOW - 48 * HOUR });
    expect(decideHandRelease(early)).toMatchObject({ refuse: "hand-cap", cap: "actor" });
  });

  test("of several reasons the first in the documented order is the answer", () => {
    const caps = { perActorAnHour: 0, perProtectorADay: 0 };
    const all = { caps, sealed: true, halted: { campaign: "c1" }, reason: "", deposits: [] };
    const ask = (changes: Partial<HandQuestion>) => decideHandRelease(question({ ...all, ...changes }));
    expect(ask({})).toMatchObject({ refuse: "bad-reason" });
    expect(ask({ reason: "x" })).toMatchObject({ refuse: "no-key" });
    expect(ask({ reason: "x", deposits: [deposit()] })).toMatchObject({ refuse: "halted" });
    const going = { reason: "x", deposits: [deposit()], halted: null };
    expect(ask(going)).toMatchObject({ refuse: "hand-cap", cap: "actor" });
    expect(ask({ ...going, caps: { ...caps, perActorAnHour: 1 } })).toMatchObject({ cap: "protector" });
    expect(ask({ ...going, caps: HAND_CAPS })).toEqual({ refuse: "vault-sealed" });
  });
});

const CAPS = { perActorAnHour: 2, perProtectorADay: 3 };
const PROTECTORS = [0, 1, 2].map((index) => parseGuid(`0000000${index}-0000-0000-0000-000000000000`));
const folder = mkdtempSync(join(tmpdir(), "escrow-"));
let vault: Vault;
const passwords = new Map<Guid, string>();

beforeAll(async () => {
  vault = await createVault(join(folder, "vault.sqlite"), { clock: () => 0, passphrase: PASSPHRASE, workFactor: 1 });
  for (const [index, protectorId] of PROTECTORS.entries()) {
    const password = randomRecoveryPassword(new Uint8Array(16).fill(index));
    await vault.deposit({ ...depositOf(protectorId), password });
    passwords.set(protectorId, password.text.reveal());
  }
  await vault.unseal(PASSPHRASE);
});
afterAll(async () => {
  await vault.close();
  rmSync(folder, { recursive: true });
});

const ask = fc.record({
  actor: fc.constantFrom("operator:ada", "operator:bob", "operator:cyd"),
  channel: fc.constantFrom("desk" as const, "api" as const),
  protector: fc.nat(2),
  duringHalt: fc.boolean(),
  lag: fc.nat(2),
});
type Ask = typeof ask extends fc.Arbitrary<infer T> ? T : never;
const asks = fc.array(ask, { minLength: 1, maxLength: 4 });
const command = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom("ask" as const, "ask-while-halting" as const), asks }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("ask-on-a-full-disk" as const), asks }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom("arm" as const, "later" as const) }) },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;
interface Defect {
  readonly asked?: (ask: HandAsk) => HandAsk;
  readonly caps?: Partial<typeof CAPS>;
  readonly ledger?: (ledger: Ledger) => Partial<Ledger>;
}

const seen = new Map<string, number>();

async function run(commands: readonly Command[], defect: Defect = {}): Promise<void> {
  let now = NOW;
  let diskFull = false;
  const path = join(mkdtempSync(join(folder, "run-")), "ledger.sqlite");
  const open = () => openLedger(path, { station: "s", clock: () => now++, create: true });
  const ledgers = [await open(), await open()] as const;
  const desks = ledgers.map((ledger) => {
    const sound = fullDiskLedger(ledger, path, () => diskFull);
    const own = { ...sound, ...defect.ledger?.(sound) };
    return { ledger: own, desk: new Desk(own, () => {}) };
  });
  let count = 0;
  const put = (type: "campaign.armed" | "campaign.halted") =>
    ledgers[1].append({ body: event(type, { campaign: "c1" }), actor: "operator:eve", commandId: `c${count++}` });
  const asked = new Map<string, Ask>();
  const one = async (each: Ask, index: number): Promise<HandAnswer> => {
    for (let left = each.lag; left > 0; left--) await turn();
    const commandId = `a${count++}`;
    asked.set(`release-by-hand:${commandId}`, each);
    const { actor, channel, duringHalt } = each;
    const honest: HandAsk = { actor, channel, duringHalt, reason: "test", ticket: null, nth: 1, commandId };
    return releaseByHandAt({
      ...desks[index % 2]!,
      ...{ vault, wanted: { protectorId: PROTECTORS[each.protector]! }, now: () => now },
      ...{ ask: defect.asked?.(honest) ?? honest, caps: { ...CAPS, ...defect.caps } },
    });
  };
  try {
    await put("campaign.armed");
    const given: Extract<HandAnswer, { released: unknown }>[] = [];
    for (const each of commands) {
      if (each.do === "arm") await put("campaign.armed");
      if (each.do === "later") now += 0.6 * HOUR;
      if (!("asks" in each)) continue;
      diskFull = each.do === "ask-on-a-full-disk";
      const halting = each.do === "ask-while-halting" ? put("campaign.halted") : null;
      const [answers] = await Promise.all([Promise.all(each.asks.map(one)), halting]);
      for (const answer of answers) {
        const word = answer === "stale-view" ? answer : "refuse" in answer ? answer.refuse : "released";
        seen.set(word, (seen.get(word) ?? 0) + 1);
        if (answer === "stale-view" || "refuse" in answer) continue;
        if (diskFull) throw new Error("released without an entry");
        given.push(answer);
      }
    }
    holdsAgainst(await ledgers[1].read(0), given, asked);
  } finally {
    for (const ledger of ledgers) await ledger.close();
  }
}

/** The rules, from the entries alone. */
function holdsAgainst(
  entries: readonly Entry[],
  given: readonly Extract<HandAnswer, { released: unknown }>[],
  asked: ReadonlyMap<string, Ask>,
): void {
  for (const { receipt, released, deposit: own } of given) {
    const { depositId, protectorId } = own;
    const body = { type: "key.released-by-hand", depositId, protectorId };
    expect(entries[receipt.seq - 1]).toMatchObject({ hash: receipt.hash, body });
    expect(passwords.get(protectorId) === released.reveal(), "the entry's own password").toBe(true);
  }
  expect(new Set(given.map(({ receipt }) => receipt.seq)).size, "one entry, one password").toBe(given.length);
  let halted = false;
  const isRelease = ofKind("key.released-by-hand");
  const before: Entry<BodyOf<"key.released-by-hand">>[] = [];
  for (const entry of entries) {
    const { actor, at, commandId } = entry;
    if (entry.body.type.startsWith("campaign.")) halted = entry.body.type === "campaign.halted";
    if (!isRelease(entry)) continue;
    const { body } = entry;
    const { duringHalt, channel } = asked.get(commandId)!;
    expect(halted && !(duringHalt && channel === "desk"), "left during a halt that nobody said").toBe(false);
    expect(body.duringHalt).toBe(halted ? "c1" : null);
    before.push(entry);
    const lately = (hours: number) => before.filter((other) => other.at > at - hours * HOUR);
    const ofActor = lately(1).filter((other) => other.actor === actor);
    const ofProtector = lately(24).filter((other) => other.body.protectorId === body.protectorId);
    expect(ofActor.length, "of one actor in an hour").toBeLessThanOrEqual(CAPS.perActorAnHour);
    expect(ofProtector.length, "of one protector in a day").toBeLessThanOrEqual(CAPS.perProtectorADay);
  }
}

const holds = (defect?: Defect) =>
  fc.asyncProperty(fc.array(command, { minLength: 10, maxLength: 40 }), (commands) => run(commands, defect));

test("whoever asks by hand, at once or in turn: an entry before each password, caps hold, and halted wins", async () => {
  await fc.assert(holds(), { numRuns: 20 });
  for (const word of ["released", "halted", "hand-cap", "ledger-unavailable"])
    expect(seen.get(word) ?? 0, word).toBeGreaterThan(0);
}, 60_000);

const DEFECTS: Readonly<Record<string, Defect>> = {
  "no cap on an actor": { caps: { perActorAnHour: 1000 } },
  "no cap on a protector": { caps: { perProtectorADay: 1000 } },
  "a release wherever the ledger's head is": {
    ledger: (ledger) => ({ appendIfHead: (entry) => ledger.append(entry) }),
  },
  "a halt that everybody is past": { asked: (honest) => ({ ...honest, duringHalt: true }) },
  "a script that is taken for a person": { asked: (honest) => ({ ...honest, channel: "desk" }) },
};

test.each(Object.keys(DEFECTS))(
  "the rules notice %s",
  async (name) => {
    const details = await fc.check(holds(DEFECTS[name]!), { numRuns: 200, endOnFailure: true });
    expect(details.failed).toBe(true);
  },
  60_000,
);
