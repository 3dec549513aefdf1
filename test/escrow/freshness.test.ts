import { describe, expect, test } from "vitest";
import {
  changesSince,
  type Freshness,
  FULL_EVERY,
  foldFreshness,
  lateSources,
  OVERLAP,
} from "../../src/escrow/freshness.ts";
import type { BodyOf, EntryBody } from "../../src/ledger/events/event.ts";
import { entryOf, event } from "../ledger/event.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

type Told = { readonly at?: number; readonly body: EntryBody };

function fold(...told: readonly Told[]): Freshness {
  return told.reduce<Freshness>(
    (freshness, { at = 0, body }, index) => foldFreshness(freshness, entryOf(body, { seq: index + 1, at }), "V"),
    new Map(),
  );
}
type Synced = Partial<BodyOf<"vault.synced">> & { readonly at?: number };

/** A sync as the ledger has it; `until` null: one that did not let us in, and no base is known. */
function synced(until: number | null, { at = 0, ...more }: Synced): Told {
  const { base: _base, failed: _failed, ...usual } = event("vault.synced", { vaultId: "V", since: null });
  return { at, body: { ...usual, complete: until !== null, until, ...more } };
}
const ldap = (until: number | null, more: Synced = {}) =>
  synced(until, { source: "ad", kind: "ldap", base: "DC=a", ...more });
const imported = (source: string, at: number, more: Partial<BodyOf<"vault.imported">> = {}): Told => {
  const { stopped: _stopped, ...usual } = event("vault.imported", { vaultId: "V", source });
  return { at, body: { ...usual, ...more } };
};

describe("changes are read", () => {
  test("from a day before the last complete sync on, by the domain controller's clock", () => {
    expect(changesSince(fold(ldap(10 * DAY, { at: 99 * DAY })), "ad", "DC=a", 10 * DAY + HOUR)).toBe(
      10 * DAY - OVERLAP,
    );
  });
  test("a failed sync moves nothing, and a partial one counts only for what it read", () => {
    const partial = ldap(11 * DAY, { since: 9 * DAY });
    const freshness = fold(
      ldap(10 * DAY),
      partial,
      synced(null, { source: "ad", kind: "ldap", failed: "unreachable", at: 12 * DAY }),
    );
    expect(changesSince(freshness, "ad", "DC=a", 12 * DAY)).toBe(11 * DAY - OVERLAP);
    expect(freshness.get("ad")).toMatchObject({ base: "DC=a", last: { complete: false, failed: "unreachable" } });
  });
  test("never, but all of it: at first, of another subtree, once a week, after a restore, into another vault", () => {
    expect(changesSince(fold(), "ad", "DC=a", 0)).toBeNull();
    expect(changesSince(fold(ldap(0)), "ad", "OU=b,DC=a", HOUR)).toBeNull();
    expect(changesSince(fold(ldap(0), ldap(6 * DAY, { since: 5 * DAY })), "ad", "DC=a", FULL_EVERY)).toBeNull();
    expect(
      changesSince(fold(ldap(0), { body: event("vault.restored", { vaultId: "V" }) }), "ad", "DC=a", HOUR),
    ).toBeNull();
    expect(changesSince(fold(ldap(0, { vaultId: "another" })), "ad", "DC=a", HOUR)).toBeNull();
    expect(changesSince(fold(ldap(0), ldap(HOUR, { base: "OU=b" })), "ad", "DC=a", 2 * HOUR)).toBeNull();
  });
});

describe("late is", () => {
  const late = (freshness: Freshness, now: number, ...named: string[]) =>
    lateSources(freshness, now, { maxAge: DAY, named });
  const sftp = (until: number, more: Synced = {}) => synced(until, { source: "nightly", kind: "sftp", ...more });

  test("a live source that was not read completely for too long, and no other", () => {
    const freshness = fold(ldap(0), sftp(2 * DAY), imported("old.csv", 0));
    expect(late(freshness, 2 * DAY)).toEqual(["ad"]);
    expect(late(fold(ldap(DAY)), 2 * DAY)).toEqual([]);
  });
  test("an export whose file is old, however often it is fetched", () => {
    expect(late(fold(sftp(0, { at: 9 * DAY })), 9 * DAY)).toEqual(["nightly"]);
  });
  test("a source that was named and never came, but not one that was only ever tried", () => {
    const freshness = fold(ldap(2 * DAY), ldap(null, { source: "typo" }));
    expect(late(freshness, 2 * DAY)).toEqual([]);
    expect(late(freshness, 2 * DAY, "ad", "typo", "nowhere")).toEqual(["typo", "nowhere"]);
  });
  test("where all came by hand, the newest import; and a vault that nothing fills", () => {
    expect(late(fold(imported("a.csv", 0), imported("b.csv", 2 * DAY)), 2 * DAY)).toEqual([]);
    expect(late(fold(imported("a.csv", 0), imported("b.csv", 5 * DAY, { stopped: true })), 2 * DAY)).toEqual(["a.csv"]);
    expect(late(fold(), 0)).toHaveLength(1);
  });
});
