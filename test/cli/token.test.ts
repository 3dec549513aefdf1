import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isTokenText } from "../../src/api/token-text.ts";
import { breakglass, type Ran, REFUSAL } from "./program.ts";
import { temporaryFolder } from "./run.ts";

let template: string;
let state: string;
const token = (...args: string[]) => breakglass(["token", ...args, "--state", state]);
const create = (name: string, ...args: string[]) => token("create", "--name", name, "--scope", "lookup", ...args);

// A vault's lock is slow on purpose: one is made, and each test has a copy of it.
beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), "breakglass-token-"));
  const init = ["escrow", "init", "--state", join(template, "state"), "--passphrase-fd", "3"];
  expect(await breakglass(init, "six plain words for a test")).toMatchObject({ exitCode: 0 });
});
afterAll(() => rmSync(template, { recursive: true }));
beforeEach(() => {
  const folder = temporaryFolder();
  cpSync(template, folder, { recursive: true });
  state = join(folder, "state");
});

describe("breakglass token", () => {
  it("shows a token once, to the descriptor that was named, and keeps its hash alone", async () => {
    const made = await create("helpdesk", "--scope", "release", "--expires", "12h", "--fd", "1");
    expect(made).toMatchObject({ exitCode: 0, stderr: "" });
    const text = made.stdout.trim();
    expect(isTokenText(text)).toBe(true);
    const listed = await token("list", "--json");
    const [only, ...others] = JSON.parse(listed.stdout);
    expect(others).toEqual([]);
    expect(only).toMatchObject({ name: "helpdesk", scopes: ["lookup", "release"], is: "good" });
    expect(only.expiresAt - only.createdAt).toBeGreaterThan(11.9 * 3_600_000);
    expect(only.expiresAt - only.createdAt).toBeLessThanOrEqual(12 * 3_600_000);
    const ledger = ["ledger.sqlite", "ledger.sqlite-wal"].map((file) => {
      try {
        return readFileSync(join(state, file), "latin1");
      } catch {
        return "";
      }
    });
    for (const place of [listed.stdout, ...ledger]) expect(place).not.toContain(text.slice(4, 40));
  });

  it("is revoked once, by name, and its name is not given again", async () => {
    await create("helpdesk", "--fd", "1");
    expect(await token("revoke", "helpdesk", "--reason", "left")).toMatchObject({ exitCode: 0 });
    expect((await token("list")).stdout).toMatch(/^helpdesk +revoked +lookup /m);
    for (const again of [await token("revoke", "helpdesk", "--reason", "x"), await create("helpdesk", "--fd", "1")]) {
      expect(again).toMatchObject({ exitCode: 3, stdout: "", stderr: expect.stringMatching(REFUSAL) });
    }
  });

  const text = `bgt_${"A".repeat(47)}`;
  it.each<[string, () => Promise<Ran>, RegExp]>([
    ["to a pipe that nobody named", () => create("a"), /Standard output is no terminal.*None was made/],
    [
      "to a descriptor that is not open",
      () => create("a", "--fd", "9"),
      /Descriptor 9 cannot be written.*No token was made/,
    ],
    ["without a scope", () => token("create", "--name", "a", "--fd", "1"), /without a scope opens nothing/],
    [
      "with an unknown scope",
      () => create("a", "--scope", "all", "--fd", "1"),
      /One of lookup, release, coverage, status/,
    ],
    ["with two scopes in one word", () => create("a", "--scope", "lookup,release", "--fd", "1"), /One of lookup/],
    ["under a name in capitals", () => create("Help Desk", "--fd", "1"), /Lower-case letters/],
    ["for no time", () => create("a", "--expires", "0d", "--fd", "1"), /12h or 30d/],
    ["for a hundred years", () => create("a", "--expires", "36500d", "--fd", "1"), /3650d at most/],
    ["under a token's text", () => create(text, "--fd", "1"), /That is a token's text/],
  ])("is not made %s, and the refusal says what to do", async (_what, make, message) => {
    const ran = await make();
    expect(ran).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringMatching(REFUSAL) });
    expect(ran.stderr).toMatch(message);
    expect((await token("list")).stdout).toMatch(
      /^There is no token\. Make one with: \S*breakglass token create --state \S+\n$/,
    );
  });

  it("is never revoked by its text, which other programs could read, and the text is not repeated", async () => {
    const ran = await token("revoke", text, "--reason", "x");
    expect(ran).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringMatching(REFUSAL) });
    expect(ran.stderr).not.toContain(text.slice(4));
  });
});
