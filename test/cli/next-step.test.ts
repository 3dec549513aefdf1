import { expect, test } from "vitest";
import { CLOCK_LIMITS, clockDoubt } from "../../src/cli/clock.ts";
import { type Caller, pasteableFor, shellQuoted } from "../../src/cli/next-step.ts";
import { VERBS } from "../../src/cli/verbs.ts";

const AT_HOME: Caller = {
  verbs: VERBS,
  file: "/opt/breakglass/breakglass",
  onPath: false,
  state: "/home/a/.breakglass",
  defaultState: "/home/a/.breakglass",
  sudo: "by-user",
  stateOwner: 1000,
};

test.each<[string, Partial<Caller>, string, string]>([
  [
    "the program's own path where no PATH finds it",
    {},
    "See: breakglass campaign status",
    "See: /opt/breakglass/breakglass campaign status",
  ],
  ["its short name where the PATH finds it", { onPath: true }, "See: breakglass halt", "See: breakglass halt"],
  [
    "the state folder, quoted, where it is not the default",
    { onPath: true, state: "/s/ä b" },
    "breakglass escrow import FILE",
    "breakglass escrow import --state '/s/ä b' FILE",
  ],
  [
    "no state folder for a verb that takes none",
    { onPath: true, state: "/s" },
    "breakglass image build",
    "breakglass image build",
  ],
  ["no second --state", { onPath: true, state: "/s" }, "breakglass halt --state /t", "breakglass halt --state /t"],
  [
    "sudo, path and folder where root owns the folder",
    { onPath: true, stateOwner: 0 },
    "breakglass halt",
    "sudo /opt/breakglass/breakglass halt --state /home/a/.breakglass",
  ],
  [
    "sudo for serve, whose ports need root",
    {},
    "breakglass serve",
    "sudo /opt/breakglass/breakglass serve --state /home/a/.breakglass",
  ],
  ["sudo again after sudo", { onPath: true, sudo: "typed" }, "breakglass halt", "sudo breakglass halt"],
  ["the product's name as it is", {}, "a newer breakglass that wrote it", "a newer breakglass that wrote it"],
  ["a path that ends in the name as it is", {}, "/x/breakglass halt", "/x/breakglass halt"],
])("a next step has %s", (_what, caller, text, expected) => {
  expect(pasteableFor(text, { ...AT_HOME, ...caller })).toBe(expected);
});

test("a quoted word is one word for a shell, whatever is in it", () => {
  expect(shellQuoted("it's")).toBe("'it'\\''s'");
});

test("a clock is doubted before the newest entry and long after it, and not within the limits", () => {
  const newest = Date.UTC(2026, 10, 30);
  expect(clockDoubt(null, 0)).toBeNull();
  expect(clockDoubt(newest, newest - CLOCK_LIMITS.behind)).toBeNull();
  expect(clockDoubt(newest, newest - CLOCK_LIMITS.behind - 1)).toContain("BEFORE the ledger's newest entry");
  expect(clockDoubt(newest, newest + CLOCK_LIMITS.beyond)).toBeNull();
  expect(clockDoubt(newest, newest + CLOCK_LIMITS.beyond + 1)).toContain("after the ledger's newest entry");
});
