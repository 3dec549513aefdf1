import { randomBytes } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { beforeEach, describe, expect, test } from "vitest";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { StationLog } from "../../src/server/log/station-log.ts";
import { breakglass, REFUSAL } from "./program.ts";
import { temporaryFolder } from "./run.ts";

const PASSPHRASE = "six plain words for a test";
const PASSWORD = "461109-608201-413820-485342-181588-463056-430617-501391";

let state: string;
let out: string;
beforeEach(() => {
  const folder = temporaryFolder();
  [state, out] = [join(folder, "state"), join(folder, "bundle.jsonl.gz")];
});

const bundle = () => breakglass(["support-bundle", "--state", state, "--out", out]);
const text = () => gunzipSync(readFileSync(out)).toString("utf8");
const lines = () =>
  text()
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { readonly part: string } & Record<string, unknown>);

describe("a support bundle", () => {
  test("has every part, and none of the secrets of the state folder", async () => {
    await breakglass(["escrow", "init", "--state", state, "--passphrase-fd", "3"], `${PASSPHRASE}\n`);
    const { stdout: made } = await breakglass([
      "token",
      "create",
      "--name",
      "desk",
      "--state",
      state,
      "--scope",
      "lookup",
      "--fd",
      "1",
    ]);
    await breakglass(["ledger", "checkpoint", "--state", state]);
    const [token, tokenHash, secretHash] = [made, ...[1, 2].map(() => randomBytes(32).toString("hex"))] as [
      ...[string, string, string],
    ];
    const ledger = await openLedger(join(state, "ledger.sqlite"), { station: "t", clock: Date.now });
    const body = { type: "boot.token-minted", device: "52:54:00:00:00:01", address: "10.0.0.1", tokenHash } as never;
    await ledger.append({ body, actor: "station", commandId: `mint:${tokenHash}` });
    await ledger.close();
    const log = new StationLog({ folder: join(state, "log"), text: true, now: Date.now });
    log.line({ level: "info", reason: "x", text: "one line" });
    log.close();
    writeFileSync(join(state, "log", "station.1.jsonl"), `{"text":"quotes ${PASSWORD}"}\n`);
    writeFileSync(join(state, "log", "other.jsonl"), secretHash);
    symlinkSync(join(state, "station-signing.key"), join(state, "log", "station.2.log"));
    writeFileSync(join(state, "station-ca.key"), secretHash);
    expect(await bundle()).toMatchObject({ exitCode: 0, stderr: "" });
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const told = text();
    const parts = ["about", "platform", "space", "folder", "image", "clock", "status", "log", "ledger", "end"];
    expect([...new Set(lines().map(({ part }) => part))]).toEqual(parts);
    expect(lines().at(-1)).toEqual({ part: "end", lines: lines().length - 1 });
    for (const there of ["one line", "boot.token-minted", "quotes [a recovery password?]"])
      expect(told).toContain(there);
    const keys = readdirSync(state)
      .filter((name) => name.endsWith(".key"))
      .flatMap((name) => readFileSync(join(state, name), "utf8").split("\n"))
      .filter((line) => line.length > 20 && !line.startsWith("---"));
    expect(keys.length).toBeGreaterThan(1);
    const tokens = token.match(/bgt_[\w-]+/g)!;
    const digests = lines().flatMap(({ entry }) => (entry as { body?: { hash?: string } })?.body?.hash ?? []);
    expect(digests).toContain("[withheld]");
    const secrets = [PASSPHRASE, PASSWORD, tokenHash, ...tokens, ...keys, "AGE-SECRET-KEY-1"];
    expect(secrets.filter((secret) => told.includes(secret))).toEqual([]);
  }, 120_000);

  test("is made without a vault and with a damaged ledger, and says what could not be read", async () => {
    mkdirSync(state, { mode: 0o700 });
    writeFileSync(join(state, "ledger.sqlite"), "no database ".repeat(500));
    expect(await bundle()).toMatchObject({ exitCode: 0 });
    const trouble = lines().filter((line) => line.trouble !== undefined);
    expect(trouble.map(({ part }) => part)).toEqual(expect.arrayContaining(["clock", "status", "log", "ledger"]));
  });

  test("takes the place of no file, and is written through no link", async () => {
    mkdirSync(state, { mode: 0o700 });
    const other = join(state, "other");
    writeFileSync(other, "untouched");
    symlinkSync(other, out);
    const refused = await bundle();
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(REFUSAL) });
    expect([readFileSync(other, "utf8"), lstatSync(out).isSymbolicLink()]).toEqual(["untouched", true]);
  });
});
