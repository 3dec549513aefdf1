import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { publicKeyHex, signCheckpoint } from "../../src/ledger/checkpoint.ts";
import { judgeCheckpoints, narrowed } from "../../src/ledger/checkpoint-verdict.ts";
import type { RawEntry } from "../../src/ledger/entry.ts";
import type { RawBody } from "../../src/ledger/events/event.ts";
import { keyEntry } from "../../src/ledger/station-key.ts";
import { MOST_FINDINGS, Surveyor } from "../../src/ledger/survey.ts";
import { parseGuid } from "../../src/wire/guid.ts";
import { chainOf, link } from "./chain.ts";

const { privateKey } = generateKeyPairSync("ed25519");
const publicKey = publicKeyHex(privateKey);
const made: RawBody = { type: "station.key-made", publicKey };

function sign(entry: RawEntry, key = privateKey) {
  const { ledgerId, epoch, seq, hash, station } = entry;
  return signCheckpoint({ ledgerId: parseGuid(ledgerId), epoch, seq, hash, station, at: 5_000_000 }, key);
}

function survey(entries: readonly RawEntry[], wanted: readonly number[] = []) {
  const surveyor = new Surveyor(wanted);
  for (const entry of entries) surveyor.take(entry);
  return surveyor.end();
}

/** What is found in `entries`, with checkpoints of the honest ledger's entries with these numbers. */
function verify(honest: readonly RawEntry[], entries: readonly RawEntry[], ...signedAt: readonly number[]) {
  const found = survey(entries, signedAt);
  const checkpoints = signedAt.map((seq) => sign(honest[seq - 1]!));
  const verdicts = judgeCheckpoints(found, checkpoints, null);
  return {
    findings: found.findings,
    faults: found.findings.map(({ fault, seq, to }) => [fault, seq, to]),
    answers: verdicts.map(({ answer }) => answer),
    narrowed: narrowed(found, verdicts),
    verdicts,
  };
}

/** A ledger of `length` entries, the station's key being its first. */
function ledger(length: number): RawEntry[] {
  const kinds = ["agent.stage", "ledger.adopted", "key.released"];
  return chainOf([made, ...Array.from({ length: length - 1 }, (_, n) => ({ type: kinds[n % 5] ?? "x", n }))]);
}
const TEN = ledger(10);
/** What somebody who can write the file makes of entries: the same numbers and content, hashes that fit. */
const rechained = (entries: readonly RawEntry[], before: RawEntry | undefined) =>
  chainOf(
    entries.map(({ body }) => body),
    before,
  );

const shape = fc
  .tuple(fc.integer({ min: 2, max: 14 }), fc.nat(), fc.nat())
  .map(([length, a, b]) => ({ length, at: (a % length) + 1, signedAt: (b % length) + 1 }));

describe("an honest ledger", () => {
  test("never raises an alarm, whatever was signed on the way and however far it grew since", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.nat(), { maxLength: 5 }), (length, picks) => {
        const entries = ledger(length);
        const { faults, answers, narrowed: range } = verify(entries, entries, ...picks.map((n) => (n % length) + 1));
        expect({ faults, range }).toEqual({ faults: [], range: null });
        expect(answers).toEqual(picks.map(() => "holds"));
      }),
    );
  });
});

describe("against a checkpoint", () => {
  test("any change of any field of any entry is found at that entry", () => {
    const field = fc.constantFrom<keyof RawEntry>(
      ...([
        "epoch",
        "seq",
        "prev",
        "hash",
        "at",
        "stationAt",
        "station",
        "actor",
        "commandId",
        "generation",
        "body",
      ] as const),
    );
    fc.assert(
      fc.property(shape, field, ({ length, at, signedAt }, name) => {
        const honest = ledger(length);
        const value = honest[at - 1]![name];
        const other = typeof value === "number" ? value + 1 : typeof value === "string" ? `${value}x` : { type: "o" };
        const bad = honest.with(at - 1, { ...honest[at - 1]!, [name]: other } as RawEntry);
        const { faults, answers } = verify(honest, bad, signedAt);
        expect(faults).toContainEqual(["changed", at, at]);
        if (signedAt < at) expect(answers).toEqual(["holds"]);
        else expect(answers).not.toEqual(["holds"]);
      }),
    );
  });

  test("one changed entry is one finding, and those after it are still as they were signed", () => {
    const bad = TEN.with(3, { ...TEN[3]!, actor: "operator:eve" });
    const { faults, verdicts } = verify(TEN, bad, 3, 4, 9);
    expect(faults).toEqual([["changed", 4, 4]]);
    expect(verdicts.map(({ answer, what }) => [answer, what])).toEqual([
      ["holds", "entries 1 to 3 are as they were signed"],
      ["changed", "entry 4 still has the hash that was signed, but not the content"],
      ["broken-before", "entry 9 is as it was signed, and so are those from 5 on, but something before is not"],
    ]);
  });

  test("any entries taken out are found by their numbers, or as a cut end", () => {
    fc.assert(
      fc.property(shape, fc.integer({ min: 1, max: 3 }), ({ length, at }, many) => {
        const honest = ledger(length);
        const left = honest.toSpliced(at - 1, many);
        const { faults, answers } = verify(honest, left, length);
        const last = Math.min(at + many - 1, length);
        if (last === length) expect([faults, answers]).toEqual([[], [left.length === 0 ? "unknown-key" : "cut"]]);
        else expect(faults).toEqual([["removed", at, last]]);
      }),
    );
  });

  test("any two entries swapped in an export are found as moved", () => {
    fc.assert(
      fc.property(shape, fc.nat(), ({ length, at }, pick) => {
        const honest = ledger(length);
        const other = (pick % length) + 1;
        fc.pre(other !== at);
        const swapped = honest.with(at - 1, honest[other - 1]!).with(other - 1, honest[at - 1]!);
        const { faults } = verify(honest, swapped, length);
        expect(faults.map(([fault]) => fault)).toContain("moved");
        expect(
          faults.map(([, seq]) => Number(seq)).every((seq) => seq >= Math.min(at, other) && seq <= Math.max(at, other)),
        ).toBe(true);
      }),
    );
  });

  test("two entries that changed places in the file, numbers and all, are found as moved", () => {
    const [a, b] = [TEN[4]!, TEN[5]!];
    const swapped = TEN.with(4, { ...b, seq: 5 }).with(5, { ...a, seq: 6 });
    const { faults, answers } = verify(TEN, swapped, 4, 10);
    expect(faults).toContainEqual(["moved", 5, 5]);
    expect(answers).toEqual(["holds", "broken-before"]);
  });

  test("an entry taken out is found though the numbers after it were closed up", () => {
    const closed = TEN.toSpliced(4, 1).map((entry) => (entry.seq > 5 ? { ...entry, seq: entry.seq - 1 } : entry));
    const { faults, findings } = verify(TEN, closed, 4);
    expect(faults).toEqual([
      ["changed", 6, 6],
      ["removed", 5, 5],
    ]);
    expect(findings[0]!.what).toBe("entry 6 was changed: it was given the number 5");
  });

  test("an entry put in between is found, hash of its own or not, numbers moved up or not", () => {
    fc.assert(
      fc.property(shape, fc.boolean(), fc.boolean(), ({ length, at }, hashed, movedUp) => {
        const honest = ledger(length);
        const fits = link(honest[at - 2], { type: "key.released", by: "eve" });
        const put = hashed ? fits : { ...fits, hash: "0".repeat(64) };
        const rest = honest.slice(at - 1).map((entry) => (movedUp ? { ...entry, seq: entry.seq + 1 } : entry));
        const { faults, answers } = verify(honest, [...honest.slice(0, at - 1), put, ...rest], length);
        expect(faults.length).toBeGreaterThan(0);
        expect(Math.min(...faults.map(([, seq]) => Number(seq)))).toBe(at);
        expect(answers).not.toEqual(["holds"]);
      }),
    );
  });

  test("an entry replaced by one with a hash of its own is found between it and the next", () => {
    const forged = link(TEN[4], { type: "key.released", to: "eve" });
    const { faults, answers } = verify(TEN, TEN.with(5, forged), 5, 6, 9);
    expect(faults).toEqual([["replaced", 7, 7]]);
    expect(answers).toEqual(["holds", "rewritten", "broken-before"]);
  });

  test("an end written anew is found, and lies between the last checkpoint that holds and the first that does not", () => {
    fc.assert(
      fc.property(shape, fc.nat(), ({ length, at }, more) => {
        fc.pre(at > 1);
        const honest = ledger(length);
        const bodies = [{ type: "x", by: "eve" }, ...honest.slice(at).map(({ body }) => body)];
        const end = chainOf([...bodies, ...Array(more % 3).fill({ type: "y" })], honest[at - 2]);
        const all = honest.map(({ seq }) => seq);
        const { faults, answers, narrowed: range } = verify(honest, [...honest.slice(0, at - 1), ...end], ...all);
        expect(faults).toEqual([]);
        expect(answers).toEqual(all.map((seq) => (seq < at ? "holds" : "rewritten")));
        expect(range).toBe(
          `entries 1 to ${at - 1} are as they were signed; something from entry ${at} on was rewritten, entry ${at} at the latest`,
        );
      }),
    );
  });

  test("a ledger written anew as a whole is found, with the forger's own key in it", () => {
    const eve = generateKeyPairSync("ed25519").privateKey;
    const anew = chainOf([{ ...made, publicKey: publicKeyHex(eve) }, ...TEN.slice(1).map(({ body }) => body)]);
    const found = survey(anew, [6, 8]);
    const verdicts = judgeCheckpoints(found, [sign(TEN[5]!), sign(anew[7]!, eve)], null);
    expect(found.findings).toEqual([]);
    expect(verdicts.map(({ answer }) => answer)).toEqual(["unknown-key", "holds"]);
    expect(verdicts[0]!.what).toMatch(/a key that this ledger does not know .*; entry 6 has another hash/);
    const named = judgeCheckpoints(found, [sign(TEN[5]!), sign(anew[7]!, eve)], new Set([publicKey]));
    expect(named.map(({ answer }) => answer)).toEqual(["rewritten", "unknown-key"]);
    // The first entry is the forger's too.
    expect(narrowed(found, named)).toMatch(/^no earlier checkpoint holds; something from entry 1 on was rewritten/);
  });

  test("a cut end says where it ends, how many there were, and what is sure", () => {
    const { faults, verdicts, narrowed: range } = verify(TEN, TEN.slice(0, 7), 4, 10);
    expect(faults).toEqual([]);
    expect(verdicts.map(({ what }) => what)).toEqual([
      "entries 1 to 4 are as they were signed",
      "the ledger was cut off after entry 7: when it was signed, it had 10",
    ]);
    expect(range).toBe(
      "entries 1 to 4 are as they were signed; what was cut off begins at entry 8, and entries 5 to 7 may be others than they were",
    );
  });

  test("another ledger is told from a changed one", () => {
    const other = chainOf([made], undefined).map((entry) => ({ ...entry }));
    const elsewhere = [link(undefined, made, { ledgerId: "FFFFFFFF-F8D0-40BA-BB05-73A800324C09" })];
    expect(verify(other, elsewhere, 1).answers).toEqual(["other-ledger"]);
  });

  test("an entry of another ledger among these is found", () => {
    const foreign = { ...TEN[4]!, ledgerId: "FFFFFFFF-F8D0-40BA-BB05-73A800324C09" };
    expect(verify(TEN, TEN.with(4, foreign)).faults).toEqual([
      ["foreign", 5, 5],
      ["removed", 5, 5],
    ]);
  });
});

describe("the key that signed", () => {
  test("is not accepted for its own word: a key that nobody named is said, and a broken signature shows nothing", () => {
    const stranger = generateKeyPairSync("ed25519").privateKey;
    const found = survey(TEN, [5]);
    const forged = { ...sign(TEN[4]!), at: 6_000_000 };
    const [unknown, bad] = judgeCheckpoints(found, [sign(TEN[4]!, stranger), forged], null);
    expect([unknown!.answer, bad!.answer]).toEqual(["unknown-key", "bad-signature"]);
    expect(judgeCheckpoints(found, [sign(TEN[4]!, stranger)], new Set([publicKeyHex(stranger)]))[0]!.answer).toBe(
      "holds",
    );
  });

  test("signs nothing any more after the entry that replaced it", () => {
    const second = generateKeyPairSync("ed25519").privateKey;
    const replaced = { type: "station.key-replaced", publicKey: publicKeyHex(second), before: publicKey };
    const entries = chainOf([made, { type: "a" }, replaced, { type: "b" }]);
    const found = survey(entries, [2, 4]);
    const verdicts = judgeCheckpoints(found, [sign(entries[1]!), sign(entries[3]!), sign(entries[3]!, second)], null);
    expect(verdicts.map(({ answer }) => answer)).toEqual(["holds", "replaced-key", "holds"]);
  });

  test("is told to the ledger once, and as a replacement where the station had another", () => {
    const told = (entries: readonly RawEntry[], key: string, station = "laptop-1") =>
      keyEntry(entries, key, station)?.body ?? null;
    const first = link(undefined, made);
    expect(told([], publicKey)).toEqual(made);
    expect(told([first], publicKey)).toBeNull();
    expect(told([first], "ab".repeat(32))).toEqual({
      type: "station.key-replaced",
      publicKey: "ab".repeat(32),
      before: publicKey,
    });
    expect(told([first], "ab".repeat(32), "laptop-2")).toMatchObject({ type: "station.key-made" });
  });
});

test("a ledger that is broken everywhere is told in a few findings and a count", () => {
  const bad = ledger(60).map((entry) => ({ ...entry, actor: "operator:eve" }));
  const { findings, more, entries } = survey(bad);
  expect([findings.length, more, entries]).toEqual([MOST_FINDINGS, 60 - MOST_FINDINGS, 60]);
});

test("what cannot be read is one finding, and what comes after it is read on", () => {
  const surveyor = new Surveyor([3, 6, 9]);
  for (const entry of TEN.slice(0, 4)) surveyor.take(entry);
  surveyor.skip({ from: 5, to: 7, why: "a bad page" });
  for (const entry of TEN.slice(7)) surveyor.take(entry);
  const found = surveyor.end();
  expect(found.findings).toMatchObject([{ fault: "unreadable", seq: 5, to: 7 }]);
  const verdicts = judgeCheckpoints(
    found,
    [3, 6, 9].map((seq) => sign(TEN[seq - 1]!)),
    null,
  );
  expect(verdicts.map(({ answer }) => answer)).toEqual(["holds", "missing", "broken-before"]);
});

test("entries with numbers, texts or brackets that no ledger takes in are changed, not a fault of ours", () => {
  const endless = Array(20_000)
    .fill(0)
    .reduce((inner) => [inner], 0);
  for (const n of [Number.POSITIVE_INFINITY, endless])
    expect(survey(TEN.with(4, { ...TEN[4]!, body: { type: "x", n } })).findings).toMatchObject([
      { fault: "changed", seq: 5 },
    ]);
});

test("rewriting changes nothing where nothing was changed", () => {
  expect(rechained(TEN.slice(5), TEN[4]!)).toEqual(TEN.slice(5));
});
