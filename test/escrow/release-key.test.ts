import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { randomRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import { RELEASE_CAPS, type ReleaseQuestion } from "../../src/escrow/release.ts";
import { type ReleaseAnswer, releaseKey } from "../../src/escrow/release-key.ts";
import { foldReleased, newReleased, releasedIn } from "../../src/escrow/released.ts";
import { createVault, type Vault } from "../../src/escrow/vault.ts";
import type { Entry } from "../../src/ledger/entry.ts";
import type { BodyOf, EntryBody } from "../../src/ledger/events/event.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { StoreError } from "../../src/ledger/store-error.ts";
import { verifyLedger } from "../../src/ledger/verify.ts";
import { type Guid, parseGuid } from "../../src/wire/guid.ts";
import { parseMac } from "../../src/wire/mac.ts";
import { event } from "../ledger/event.ts";
import { depositOf, ID_A, newVault, PASSPHRASE, PASSWORD_A } from "./fixture.ts";
import { fullDiskLedger } from "./full-disk-ledger.ts";

const MINUTE = 60_000;
/** So tight that each of them bites in most runs. */
const CAPS = { asksPerProtector: 3, protectorsPerDevice: 2, perCampaign: 4, perMinute: 2 };
const PROTECTORS = Array.from({ length: 6 }, (_, index) => parseGuid(`0000000${index}-0000-0000-0000-000000000000`));
const DEVICES = [1, 2, 3].map((index) => parseMac(`52540000000${index}`));
/** Each device lists four protectors, so neighbours share some: a moved disk, or a thief. */
const listed = (device: number): number[] => [0, 1, 2, 3].map((offset) => (device * 2 + offset) % 6);
const listedBy = (device: number): Guid[] => listed(device).map((index) => PROTECTORS[index]!);

const folder = mkdtempSync(join(tmpdir(), "escrow-"));
let vault: Vault;
const passwords = new Map<string, string>();

/** One vault for all runs: making keys is what takes time. One protector has no password, one has two. */
beforeAll(async () => {
  vault = await createVault(join(folder, "vault.sqlite"), { clock: () => 0, passphrase: PASSPHRASE, workFactor: 1 });
  for (const [index, protectorId] of [...PROTECTORS.slice(0, 5), PROTECTORS[1]!].entries()) {
    const password = randomRecoveryPassword(new Uint8Array(16).fill(index));
    const { depositId } = await vault.deposit({ ...depositOf(protectorId), password });
    passwords.set(depositId, password.text.reveal());
  }
});
afterAll(async () => {
  await vault.close();
  rmSync(folder, { recursive: true });
});

/** One process at one ledger file: a handle, and what it has folded from it. */
class View {
  readonly released = newReleased();
  readonly paired = new Set<string>();
  is: "no-campaign" | "halted" | "armed" = "no-campaign";
  seq = 0;
  readonly ledger: Ledger;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  async catchUp(): Promise<void> {
    for (const entry of await this.ledger.read(this.seq)) {
      // Another ask of the same process may have taken it in meanwhile.
      if (entry.seq <= this.seq) continue;
      foldReleased(this.released, entry);
      if (entry.body.type === "campaign.armed") this.is = "armed";
      if (entry.body.type === "campaign.halted") this.is = "halted";
      if (entry.body.type === "pairing.confirmed") this.paired.add(String(entry.body.session));
      this.seq = entry.seq;
    }
  }

  question(ask: Ask, now: number): ReleaseQuestion {
    const session = sessionOf(ask);
    const ids = listedBy(ask.device);
    const armed = { admitted: true, campaign: { campaign: "c1" }, name: null, confirm: false } as const;
    return {
      admission: this.is === "armed" ? armed : { admitted: false, reason: this.is },
      session: {
        session,
        device: DEVICES[ask.device]!,
        paired: this.paired.has(session),
        protectors: ids.map((protectorId) => ({ volume: 1, protectorId, type: "recovery-password" })),
      },
      volume: 1,
      tried: ask.tried.map((index) => PROTECTORS[index]!),
      deposits: vault.candidates(ids),
      released: releasedIn(this.released, "c1"),
      caps: CAPS,
      sealed: vault.sealed,
      now,
    };
  }
}

interface Ask {
  readonly device: number;
  readonly session: number;
  readonly tried: readonly number[];
  /** Turns of the event loop between what it was decided on and the decision: time for others to come in between. */
  readonly lag: number;
}

const sessionOf = ({ device, session }: Ask) => `s${device}-${session}`;

/** What a wrong station would do. The property has to notice each. */
interface Defect {
  readonly asked?: (question: ReleaseQuestion) => ReleaseQuestion;
  readonly ledger?: (ledger: Ledger) => Partial<Ledger>;
}

/** Mostly what a device would have tried: protectors of its own. */
const ask = fc.nat(2).chain((device) =>
  fc.record({
    device: fc.constant(device),
    session: fc.nat(1),
    tried: fc.oneof(
      { weight: 9, arbitrary: fc.subarray(listed(device), { maxLength: 3 }) },
      { weight: 1, arbitrary: fc.subarray([0, 1, 2, 3, 4, 5], { maxLength: 2 }) },
    ),
    lag: fc.nat(2),
  }),
);
const asks = fc.array(ask, { minLength: 1, maxLength: 4 });
const command = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant("ask" as const), asks }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("ask-on-a-full-disk" as const), asks }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("ask-while-halting" as const), asks, lag: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("halt" as const, "seal" as const) }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constantFrom("arm" as const, "unseal" as const, "minute" as const) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("pair" as const), ask }) },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

const seen = { released: 0, stale: 0, waits: new Map<string, number>() };

/** Runs the commands on two processes at one ledger file, and holds every password that left against the entries. */
async function run(commands: readonly Command[], defect: Defect = {}): Promise<void> {
  let now = 1_721_360_000_000;
  const path = join(mkdtempSync(join(folder, "run-")), "ledger.sqlite");
  const open = () => openLedger(path, { station: "s", clock: () => now++, create: true });
  const ledgers = [await open(), await open()] as const;
  const views = ledgers.map((ledger) => {
    const sound = fullDiskLedger(ledger, path, () => diskFull);
    return new View({ ...sound, ...defect.ledger?.(sound) });
  });
  let diskFull = false;
  let count = 0;
  const put = (body: EntryBody) => ledgers[1].append({ body, actor: "operator:ada", commandId: `c${count++}` });

  /** As the server asks: from the start again whenever its view was stale. */
  const one = async (each: Ask, index: number): Promise<ReleaseAnswer> => {
    const view = views[index % 2]!;
    for (let attempt = 0; attempt < 20; attempt++) {
      await view.catchUp();
      const [question, headSeq] = [view.question(each, now), view.seq];
      for (let left = each.lag; left > 0; left--) await turn();
      const asked = defect.asked?.(question) ?? question;
      const answer = await releaseKey({ ledger: view.ledger, vault, question: asked, headSeq });
      if (answer !== "stale-view") return answer;
      seen.stale += 1;
    }
    throw new Error("stale for ever");
  };

  try {
    await put(event("campaign.armed"));
    await vault.unseal(PASSPHRASE);
    const given: Extract<ReleaseAnswer, { released: unknown }>[] = [];
    for (const each of commands) {
      if (each.do === "arm") await put(event("campaign.armed"));
      if (each.do === "halt") await put(event("campaign.halted"));
      if (each.do === "seal") vault.seal();
      if (each.do === "unseal") await vault.unseal(PASSPHRASE);
      if (each.do === "minute") now += MINUTE * 0.7;
      if (each.do === "pair") await put(event("pairing.confirmed", { session: sessionOf(each.ask) }));
      if (!("asks" in each)) continue;
      diskFull = each.do === "ask-on-a-full-disk";
      const { sealed } = vault;
      const halting = async (lag: number) => {
        for (let left = lag; left > 0; left--) await turn();
        await put(event("campaign.halted"));
      };
      const [answers] = await Promise.all([
        Promise.all(each.asks.map(one)),
        each.do === "ask-while-halting" ? halting(each.lag) : null,
      ]);
      for (const answer of answers) {
        if (answer === "stale-view") throw new Error(answer);
        if ("released" in answer) given.push(answer);
        if ("released" in answer && diskFull) throw new Error("released without an entry");
        if ("released" in answer && sealed) throw new Error("released by a sealed vault");
        const word = "wait" in answer ? answer.wait : "refuse" in answer ? answer.refuse : null;
        if (word !== null) seen.waits.set(word, (seen.waits.get(word) ?? 0) + 1);
      }
    }
    const entries = await ledgers[1].read(0);
    holdsAgainst(entries, given);
    seen.released += given.length;
    if (defect.ledger === undefined) expect(await verifyLedger(ledgers[1])).toMatchObject({ holds: true });
  } finally {
    for (const ledger of ledgers) await ledger.close();
  }
}

/** The rules, from the entries alone and by other means than the code's own folds. */
function holdsAgainst(
  entries: readonly Entry[],
  given: readonly Extract<ReleaseAnswer, { released: unknown }>[],
): void {
  const used = new Set<number>();
  for (const { receipt, released, protectorId } of given) {
    const entry = entries[receipt.seq - 1]!;
    expect(entry).toMatchObject({ hash: receipt.hash, body: { type: "key.released", protectorId } });
    const { depositId } = entry.body as BodyOf<"key.released">;
    expect(passwords.get(depositId) === released.reveal(), "the entry's own password").toBe(true);
    expect(used.has(receipt.seq), "one entry, one password").toBe(false);
    used.add(receipt.seq);
  }
  let armed = false;
  const pairs = new Map<string, number>();
  const asked = new Map<string, number>();
  for (const { body, at } of entries) {
    if (body.type === "campaign.armed") armed = true;
    if (body.type === "campaign.halted") armed = false;
    if (body.type !== "key.released") continue;
    expect(armed, "released while armed").toBe(true);
    const ask = `${body.session} ${body.protectorId}`;
    asked.set(ask, (asked.get(ask) ?? 0) + 1);
    expect(asked.get(ask), "asks for one protector").toBeLessThanOrEqual(CAPS.asksPerProtector);
    expect(body.attempt).toBe(asked.get(ask));
    const pair = `${body.device} ${body.protectorId}`;
    if (!pairs.has(pair)) pairs.set(pair, at);
    const ofDevice = [...pairs.keys()].filter((each) => each.startsWith(String(body.device)));
    expect(ofDevice.length, "protectors of one device").toBeLessThanOrEqual(CAPS.protectorsPerDevice);
    const recent = [...pairs.values()].filter((each) => each > at - MINUTE);
    expect(recent.length, "pairs within a minute").toBeLessThanOrEqual(CAPS.perMinute);
  }
  expect(pairs.size, "pairs of the campaign").toBeLessThanOrEqual(CAPS.perCampaign);
}

const holds = (defect?: Defect) =>
  fc.asyncProperty(fc.array(command, { minLength: 20, maxLength: 60 }), (commands) => run(commands, defect));

test("whatever is asked: each password has its own earlier entry, caps hold, and halted wins", async () => {
  await fc.assert(holds(), { numRuns: 25 });
  expect(seen.released).toBeGreaterThan(50);
  expect(seen.stale).toBeGreaterThan(20);
  for (const word of [
    "halted",
    "vault-sealed",
    "rate-cap",
    "device-cap",
    "campaign-cap",
    "awaiting-confirmation",
    "ledger-unavailable",
  ])
    expect(seen.waits.get(word) ?? 0, word).toBeGreaterThan(0);
}, 60_000);

const boundless = (cap: keyof typeof CAPS): Defect => ({
  asked: (question) => ({ ...question, caps: { ...question.caps, [cap]: 1_000_000 } }),
});
const DEFECTS: Readonly<Record<string, Defect>> = {
  "no cap on asks": boundless("asksPerProtector"),
  "no cap on a device": boundless("protectorsPerDevice"),
  "no cap on the campaign": boundless("perCampaign"),
  "no cap on the rate": boundless("perMinute"),
  "a rate that starts anew with each restart": {
    asked: (question) => ({ ...question, released: { ...question.released, pairTimes: [] } }),
  },
  "a release wherever the ledger's head is": {
    ledger: (ledger) => ({ appendIfHead: (entry) => ledger.append(entry) }),
  },
  "a halt that nobody asks about": {
    asked: (question) => ({
      ...question,
      admission: { admitted: true, campaign: { campaign: "c1" }, name: null, confirm: false },
    }),
  },
};

test.each(Object.keys(DEFECTS))(
  "the rules notice %s",
  async (name) => {
    const details = await fc.check(holds(DEFECTS[name]!), { numRuns: 200, endOnFailure: true });
    expect(details.failed).toBe(true);
  },
  60_000,
);

test("if the ledger cannot write, nothing is released and the device waits", async () => {
  const own = await newVault();
  await own.deposit(depositOf(ID_A, PASSWORD_A));
  await own.unseal(PASSPHRASE);
  const full = () => Promise.reject(new StoreError("full", "ledger", "ledger.sqlite", "disk full"));
  const ledger = Object.assign(Object.create(null) as Ledger, { append: full, appendIfHead: full });
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
    deposits: own.candidates([ID_A]),
    released: releasedIn(newReleased(), "c1"),
    caps: RELEASE_CAPS,
    sealed: false,
    now: 0,
  };
  expect(await releaseKey({ ledger, vault: own, question, headSeq: 0 })).toEqual({ wait: "ledger-unavailable" });
  expect(await releaseKey({ ledger, vault: own, question: { ...question, volume: 2 }, headSeq: 0 })).toEqual({
    wait: "ledger-unavailable",
  });
});
