import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type BodyOf, decodeBody, FAMILIES, type RawBody } from "../../src/ledger/events/event.ts";
import { MalformedError } from "../../src/wire/malformed.ts";
import { eventsPage } from "./events-page.ts";

const RELEASED: BodyOf<"key.released"> = {
  type: "key.released",
  session: "s1",
  device: "52:54:00:12:34:56" as BodyOf<"key.released">["device"],
  campaign: "2024-07-19-a1b2",
  protectorId: "24B0AA32-F8D0-40BA-BB05-73A800324C09" as BodyOf<"key.released">["protectorId"],
  depositId: "d1",
  attempt: 1,
};

test("docs/formats/events.md has every kind and every field, as the code has them", async () => {
  await expect(eventsPage()).toMatchFileSnapshot(join(import.meta.dirname, "../../docs/formats/events.md"));
});

test("every kind is named noun.verb, every kind and field says what it means, and no kind stands twice", () => {
  const kinds = Object.values(FAMILIES).flatMap((family) => Object.entries(family));
  expect(new Set(kinds.map(([type]) => type)).size).toBe(kinds.length);
  for (const [type, { what, fields }] of kinds) {
    expect(type).toMatch(/^[a-z]+\.[a-z]+(-[a-z]+)*$/);
    expect(what, type).toMatch(/^[A-Z`].*[.]$/);
    for (const [name, { meaning }] of Object.entries(fields)) expect(meaning, `${type} ${name}`).not.toBe("");
  }
});

describe("a body is decoded", () => {
  test("to itself, if it is of a known kind with that kind's fields", () => {
    expect(decodeBody(RELEASED)).toBe(RELEASED);
  });

  const refused = (body: RawBody) => {
    try {
      decodeBody(body);
    } catch (error) {
      if (error instanceof MalformedError) return error.what;
      throw error;
    }
    return null;
  };
  const { attempt: _attempt, ...short } = RELEASED;

  test.each<[string, RawBody, string]>([
    ["an unknown kind", { type: "ring.promoted" }, '"ring.promoted" is no kind that this version knows'],
    ["an object's own word as kind", { type: "constructor" }, '"constructor" is no kind that this version knows'],
    [
      "an unknown field",
      { ...RELEASED, ring: 1 },
      'key.released: it has a field "ring" that this version does not know',
    ],
    ["a missing field", short, "key.released: it has no attempt"],
    ["a wrong type", { ...RELEASED, attempt: "1" }, "key.released: its attempt is not what it has to be (number)"],
    [
      "a MAC in capitals",
      { ...RELEASED, device: "52:54:00:12:34:5F" },
      "key.released: its device is not what it has to be (string, MAC address)",
    ],
    [
      "an unknown word",
      { type: "vault.sealed", vaultId: "v", reason: "later" },
      "vault.sealed: its reason is not what it has to be (`idle` or `halt` or `stop`)",
    ],
    [
      "an unknown field inside a list",
      { type: "campaign.armed", campaign: "c", devices: [{ name: "n", macs: [], serial: null, uuid: null, ring: 1 }] },
      "campaign.armed: its devices is not what it has to be (array of: object)",
    ],
  ])("or refused by name: %s", (_what, body, why) => {
    expect(refused(body)).toBe(why);
  });
});
