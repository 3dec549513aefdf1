import { describe, expect, test } from "vitest";
import type { Deposit } from "../../src/escrow/deposit.ts";
import { decideRelease, RELEASE_CAPS, type ReleaseQuestion } from "../../src/escrow/release.ts";
import { foldReleased, newReleased, type Release, releasedIn } from "../../src/escrow/released.ts";
import { type Guid, parseGuid } from "../../src/wire/guid.ts";
import { parseMac } from "../../src/wire/mac.ts";
import { entryOf, event } from "../ledger/event.ts";
import { ID_A, ID_B, ID_C } from "./fixture.ts";

const DEVICE = parseMac("52:54:00:00:00:01");
const OTHER = parseMac("52:54:00:00:00:02");
const NOW = 1_721_360_000_000;
const STRANGER = parseGuid("FFFFFFFF-0000-0000-0000-000000000000");

function deposit(protectorId: Guid, depositId = `d-${protectorId.slice(0, 4)}`): Deposit {
  const unsaid = { deviceName: null, directory: null, deviceId: null, volumeType: null, createdAt: null };
  return { depositId, protectorId, ...unsaid, source: "a.csv", depositedAt: 0 };
}

function released(...releases: (Partial<Release> & { readonly at?: number })[]) {
  const fold = newReleased();
  for (const { at = 0, ...each } of releases) {
    const usual = { session: "s1", device: DEVICE, campaign: "c1", protectorId: ID_A, depositId: "d-24B0" };
    foldReleased(fold, entryOf(event("key.released", { ...usual, ...each }), { at }));
  }
  return releasedIn(fold, "c1");
}

function question(
  changes: Partial<ReleaseQuestion> = {},
  session: Partial<ReleaseQuestion["session"]> = {},
): ReleaseQuestion {
  return {
    admission: { admitted: true, campaign: { campaign: "c1" }, name: null, confirm: false },
    session: {
      session: "s1",
      device: DEVICE,
      paired: false,
      protectors: [
        { volume: 1, protectorId: ID_A, type: "recovery-password" },
        { volume: 1, protectorId: ID_B, type: "recovery-password" },
        { volume: 2, protectorId: ID_C, type: "tpm" },
      ],
      ...session,
    },
    volume: 1,
    tried: [],
    deposits: [deposit(ID_B), deposit(ID_A)],
    released: released(),
    caps: RELEASE_CAPS,
    sealed: false,
    now: NOW,
    ...changes,
  };
}

describe("which deposit", () => {
  test("the newest deposit of a protector the volume lists is released", () => {
    expect(decideRelease(question())).toEqual({ release: deposit(ID_B), attempt: 1, campaign: "c1" });
  });

  test("a tried protector gives way to the next one, and none left is no-key", () => {
    expect(
      decideRelease(question({ tried: [ID_B], released: released({ protectorId: ID_B, depositId: "d-4290" }) })),
    ).toMatchObject({
      release: { protectorId: ID_A },
    });
    const both = released({}, { protectorId: ID_B, depositId: "d-4290" });
    expect(decideRelease(question({ tried: [ID_A, ID_B], released: both }))).toEqual({ wait: "no-key" });
  });

  test("a tried protector's second, conflicting password comes after all untried protectors", () => {
    const deposits = [deposit(ID_A, "young"), deposit(ID_A, "old"), deposit(ID_B)];
    const first = released({ depositId: "young" });
    expect(decideRelease(question({ deposits, tried: [ID_A], released: first }))).toMatchObject({
      release: { protectorId: ID_B },
    });
    const second = released({ depositId: "young" }, { protectorId: ID_B, depositId: "d-4290" });
    expect(decideRelease(question({ deposits, tried: [ID_A, ID_B], released: second }))).toMatchObject({
      release: { depositId: "old" },
      attempt: 2,
    });
  });

  test("a lost answer is given again, counted as the next attempt", () => {
    const deposits = [deposit(ID_A)];
    expect(decideRelease(question({ deposits, released: released({}) }))).toMatchObject({
      release: { protectorId: ID_A },
      attempt: 2,
    });
  });

  test("only the asked volume's recovery passwords count", () => {
    const deposits = [deposit(ID_C), deposit(STRANGER)];
    expect(decideRelease(question({ deposits }))).toEqual({ wait: "no-key" });
    expect(decideRelease(question({ deposits, volume: 2 }))).toEqual({ wait: "no-key" });
  });
});

describe("caps", () => {
  test("one session gets one protector's password five times at most", () => {
    const five = Array.from({ length: 5 }, (_, index) => ({ attempt: index + 1 }));
    const deposits = [deposit(ID_A)];
    expect(decideRelease(question({ deposits, released: released(...five.slice(1)) }))).toMatchObject({ attempt: 5 });
    expect(decideRelease(question({ deposits, released: released(...five) }))).toEqual({
      refuse: "device-cap",
      protectorId: ID_A,
    });
  });

  test("one device gets three different protectors at most, over all its sessions", () => {
    const three = ["1", "2", "3"].map((digit) => ({
      session: `s-${digit}`,
      protectorId: parseGuid(`${digit.repeat(8)}-0000-0000-0000-000000000000`),
    }));
    expect(decideRelease(question({ released: released(...three) }))).toEqual({
      refuse: "device-cap",
      protectorId: ID_B,
    });
    const known = released(...three.slice(1), { session: "s-0" });
    expect(decideRelease(question({ released: known }))).toMatchObject({ release: { protectorId: ID_A } });
  });

  test("a campaign's cap counts devices and protectors, not repeats", () => {
    const caps = { ...RELEASE_CAPS, perCampaign: 1 };
    const elsewhere = released({ device: OTHER, session: "s9", protectorId: STRANGER });
    expect(decideRelease(question({ caps, released: elsewhere }))).toEqual({
      refuse: "campaign-cap",
      protectorId: ID_B,
    });
    expect(decideRelease(question({ caps, released: released({}, {}) }))).toMatchObject({
      release: { protectorId: ID_A },
    });
  });

  test("as many pairs as the rate allows within a minute, and the next one waits until the first is a minute old", () => {
    const caps = { ...RELEASE_CAPS, perMinute: 2 };
    const others = [59_000, 1_000].map((ago, index) => ({
      ...{ device: OTHER, session: `s-${index}`, at: NOW - ago },
      protectorId: parseGuid(`0000000${index}-0000-0000-0000-000000000000`),
    }));
    const asked = { caps, released: released(...others) };
    expect(decideRelease(question(asked))).toEqual({ wait: "rate-cap" });
    expect(decideRelease(question({ ...asked, now: NOW + 999 }))).toEqual({ wait: "rate-cap" });
    expect(decideRelease(question({ ...asked, now: NOW + 1_000 }))).toMatchObject({ attempt: 1 });
    expect(decideRelease(question({ ...asked, caps: RELEASE_CAPS }))).toMatchObject({ attempt: 1 });
  });

  test("the rate counts pairs: an answer that got lost is given again at once", () => {
    const caps = { ...RELEASE_CAPS, perMinute: 1 };
    const given = released({ protectorId: ID_B, at: NOW });
    expect(decideRelease(question({ caps, released: given }))).toMatchObject({ attempt: 2 });
  });

  test("a clock that was set back opens no second minute", () => {
    const caps = { ...RELEASE_CAPS, perMinute: 1 };
    const given = released({ device: OTHER, session: "s9", protectorId: STRANGER, at: NOW });
    expect(decideRelease(question({ caps, released: given, now: NOW - 7_200_000 }))).toEqual({ wait: "rate-cap" });
  });

  test("another campaign's releases do not count", () => {
    const fold = newReleased();
    foldReleased(fold, entryOf(event("key.released", { device: DEVICE, campaign: "c0", protectorId: ID_A })));
    expect(releasedIn(fold, "c1").pairs).toBe(0);
  });
});

test("a protector whose password went to another device waits for an operator to look", () => {
  const elsewhere = released({ device: OTHER, session: "s9" });
  const deposits = [deposit(ID_A)];
  expect(decideRelease(question({ deposits, released: elsewhere }))).toEqual({ wait: "awaiting-confirmation" });
  expect(decideRelease(question({ deposits, released: elsewhere }, { paired: true }))).toMatchObject({
    release: { protectorId: ID_A },
  });
});

test("of several reasons the first in the documented order is given", () => {
  const confirm = { admitted: true, campaign: { campaign: "c1" }, name: null, confirm: true } as const;
  const capped = { ...RELEASE_CAPS, protectorsPerDevice: 0 };
  const everything: Partial<ReleaseQuestion> = {
    tried: [STRANGER],
    deposits: [],
    caps: capped,
    sealed: true,
    admission: confirm,
  };
  const ask = (changes: Partial<ReleaseQuestion>, paired = false) =>
    decideRelease(question({ ...everything, ...changes }, { paired }));
  for (const reason of ["no-campaign", "halted", "not-in-plan"] as const)
    expect(ask({ admission: { admitted: false, reason } })).toEqual({ wait: reason });
  expect(ask({})).toEqual({ refuse: "protector-not-listed", protectorId: STRANGER });
  expect(ask({ tried: [], volume: 9 })).toEqual({ refuse: "protector-not-listed", protectorId: null });
  expect(ask({ tried: [] })).toEqual({ wait: "awaiting-confirmation" });
  expect(ask({ tried: [] }, true)).toEqual({ wait: "no-key" });
  expect(ask({ tried: [], deposits: [deposit(ID_A)] }, true)).toEqual({ refuse: "device-cap", protectorId: ID_A });
  const slow = { tried: [], deposits: [deposit(ID_A)], caps: { ...RELEASE_CAPS, perMinute: 0 } };
  expect(ask(slow, true)).toEqual({ wait: "rate-cap" });
  expect(ask({ ...slow, caps: RELEASE_CAPS }, true)).toEqual({ wait: "vault-sealed" });
  expect(ask({ tried: [], deposits: [deposit(ID_A)], caps: RELEASE_CAPS, sealed: false }, true)).toMatchObject({
    attempt: 1,
  });
});

describe("a deposit that the escrow export names for another device than the inventory", () => {
  const admittedAs = (name: string | null) =>
    ({ admitted: true, campaign: { campaign: "c1" }, name, confirm: false }) as const;
  const named = { ...deposit(ID_A), deviceName: "PC-0002" };

  test("T1 waits for the pairing code: a spoofed MAC must not fetch the password of a neighbour", () => {
    const asked = { admission: admittedAs("PC-0001"), deposits: [named] };
    expect(decideRelease(question(asked))).toEqual({ wait: "awaiting-confirmation" });
    expect(decideRelease(question(asked, { paired: true }))).toMatchObject({ release: named });
  });

  test("is released where both mean one device, in any case and with or without its domain", () => {
    for (const name of ["PC-0002", "pc-0002", "PC-0002.corp.example"])
      expect(decideRelease(question({ admission: admittedAs(name), deposits: [named] }))).toMatchObject({
        release: named,
      });
  });

  test("is released where one of the two has no name", () => {
    expect(decideRelease(question({ admission: admittedAs(null), deposits: [named] }))).toMatchObject({
      release: named,
    });
  });
});
