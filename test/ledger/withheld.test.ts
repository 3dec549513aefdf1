import { expect, it } from "vitest";
import { FAMILIES } from "../../src/ledger/events/event.ts";
import type { Fields } from "../../src/ledger/events/field.ts";
import { WITHHELD, withoutWithheld } from "../../src/ledger/events/withheld.ts";

function digests(fields: Fields): string[] {
  return Object.entries(fields).flatMap(([name, { meaning, inside }]) => [
    ...(/token|secret|passphrase|of its text/i.test(meaning) && /digest/.test(meaning) ? [name] : []),
    ...(inside === null ? [] : digests(inside)),
  ]);
}

it("every digest of a token or a secret, in whatever kind of entry, is withheld from a support bundle", () => {
  const found = Object.values(FAMILIES)
    .flatMap((family) => Object.entries(family))
    .flatMap(([type, { fields }]) => (digests(fields).length === 0 ? [] : [[type, digests(fields)]]));
  const named = Object.values(FAMILIES).flatMap((family) =>
    Object.entries(family).flatMap(([type, { fields }]) =>
      Object.keys(fields)
        .filter((name) => /Hash$/.test(name))
        .map((name) => `${type}.${name}`),
    ),
  );
  expect(Object.fromEntries(found)).toEqual(WITHHELD);
  const withheld = Object.entries(WITHHELD).flatMap(([type, names]) => names!.map((name) => `${type}.${name}`));
  expect(named.filter((name) => !withheld.includes(name))).toEqual([]);
});

it("of a kind that is not known here only its name is shown", () => {
  const entry = { commandId: "c", body: { type: "later.kind", token: "x" } };
  expect(withoutWithheld(entry as never).body).toEqual({ type: "later.kind", fields: "[withheld]" });
});
