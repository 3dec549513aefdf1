import { hash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { RawEntry } from "../../src/ledger/entry.ts";
import type { RawBody } from "../../src/ledger/events/event.ts";
import { exportLine, parseExportLine } from "../../src/ledger/export.ts";
import { entryHash, NO_ENTRY } from "../../src/ledger/hash.ts";
import { verifyEntries } from "../../src/ledger/verify.ts";
import { canonicalJson } from "../../src/wire/json.ts";
import { MalformedError } from "../../src/wire/malformed.ts";

function chain(types: readonly string[]): RawEntry[] {
  const entries: RawEntry[] = [];
  for (const type of types) {
    const before = entries.at(-1);
    const open = {
      ledgerId: "L",
      epoch: (before?.epoch ?? 1) + (type === "ledger.adopted" ? 1 : 0),
      seq: entries.length + 1,
      prev: before?.hash ?? NO_ENTRY,
      at: 1_000 + entries.length * 10,
      stationAt: 1_000,
      station: "laptop-1",
      actor: "operator:ada",
      commandId: `c${entries.length}`,
      generation: 1,
      body: { type, note: 'tabs\tquotes" and Ünïcode' },
    };
    entries.push({ ...open, hash: entryHash(open) });
  }
  return entries;
}
const types = fc.array(fc.constantFrom("agent.stage", "station.started"), { minLength: 1, maxLength: 8 });

test("a chain holds, and its head is its last entry", () => {
  const entries = chain(["a", "b", "ledger.adopted", "c"]);
  expect(verifyEntries(entries)).toMatchObject({
    holds: true,
    entries: 4,
    head: { seq: 4, epoch: 2, hash: entries[3]!.hash },
  });
});

test("a chain can be verified in pages", () => {
  const entries = chain(["a", "b", "c"]);
  const first = verifyEntries(entries.slice(0, 2));
  expect(first.holds && verifyEntries(entries.slice(2), first.head)).toMatchObject({ holds: true, head: { seq: 3 } });
});

test("any change of any field of any entry breaks the chain at or right after that entry", () => {
  const field = fc.constantFrom<keyof RawEntry>(
    "ledgerId",
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
  );
  fc.assert(
    fc.property(types, fc.nat(), field, (kinds, pick, name) => {
      const entries = chain(kinds);
      const index = pick % entries.length;
      const value = entries[index]![name];
      const changed =
        typeof value === "number" ? value + 1 : typeof value === "string" ? `${value}x` : { type: "other" };
      const bad = entries.with(index, { ...entries[index]!, [name]: changed } as RawEntry);
      expect(verifyEntries(bad)).toMatchObject({ holds: false, seq: index + 1 });
    }),
  );
});

test("dropping, swapping or repeating entries breaks the chain where it begins", () => {
  const entries = chain(["a", "b", "c", "d"]);
  const [a, b, c, d] = entries as [RawEntry, RawEntry, RawEntry, RawEntry];
  expect(verifyEntries([b, c, d])).toMatchObject({ holds: false, fault: "sequence", seq: 1 });
  expect(verifyEntries([a, c, b, d])).toMatchObject({ holds: false, fault: "sequence", seq: 2 });
  expect(verifyEntries([a, b, b])).toMatchObject({ holds: false, fault: "sequence", seq: 3 });
});

test("an entry rehashed by a forger breaks the entry after it", () => {
  const entries = chain(["a", "b", "c"]);
  const { hash: _old, ...forged } = { ...entries[1]!, actor: "operator:eve" };
  const bad = entries.with(1, { ...forged, hash: entryHash(forged) });
  expect(verifyEntries(bad)).toMatchObject({ holds: false, fault: "chain", seq: 3 });
});

test("the hash is that of the canonical JSON of all other fields", () => {
  const text = fc.string({ unit: "grapheme" });
  const open = fc.record({
    ...{ ledgerId: text, prev: text, station: text, actor: text, commandId: text },
    ...{
      epoch: fc.maxSafeInteger(),
      seq: fc.maxSafeInteger(),
      at: fc.maxSafeInteger(),
      stationAt: fc.maxSafeInteger(),
    },
    generation: fc.maxSafeInteger(),
    body: fc.dictionary(fc.string(), fc.jsonValue()).map((more) => ({ ...more, type: "x" }) as RawBody),
  });
  fc.assert(
    fc.property(open, (fields) => {
      expect(entryHash(fields)).toBe(hash("sha256", canonicalJson(fields)));
    }),
  );
});

test("the epoch rises only by an adoption", () => {
  const { hash: _hash, ...open } = { ...chain(["a"])[0]!, epoch: 2 };
  expect(verifyEntries([{ ...open, hash: entryHash(open) }])).toMatchObject({ holds: false, fault: "epoch" });
});

test("an exported line reads back as the same entry", () => {
  fc.assert(
    fc.property(types, (kinds) => {
      const entries = chain(kinds);
      expect(entries.map((entry) => parseExportLine(exportLine(entry), 1))).toEqual(entries);
    }),
  );
});

test.each([
  "",
  "{",
  "null",
  "[]",
  '"x"',
  "{}",
  exportLine(chain(["a"])[0]!).replace('"seq":1', '"seq":"1"'),
  exportLine(chain(["a"])[0]!).replace('"seq":1', '"seq":1,"more":1'),
])("%j is not an exported entry", (line) => {
  expect(() => parseExportLine(line, 7)).toThrow(MalformedError);
});

test("any text either is an exported entry or is malformed", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
      try {
        parseExportLine(line, 3);
      } catch (error) {
        expect(error).toMatchObject({ name: "MalformedError", offset: 3 });
      }
    }),
  );
});
