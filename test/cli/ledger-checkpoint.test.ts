import { generateKeyPairSync } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, test } from "vitest";
import {
  type Checkpoint,
  checkpointJson,
  checkpointText,
  parseCheckpoint,
  publicKeyHex,
  signCheckpoint,
} from "../../src/ledger/checkpoint.ts";
import { exportLine } from "../../src/ledger/export.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { event } from "../ledger/event.ts";
import { breakglass } from "./program.ts";
import { run, temporaryFolder } from "./run.ts";

let files: string;
let state: string;
let path: string;
beforeEach(async () => {
  files = temporaryFolder();
  state = join(files, "state");
  mkdirSync(state);
  chmodSync(state, 0o700);
  path = join(state, "ledger.sqlite");
  await append(...Array.from({ length: 6 }, (_, n) => `c${n}`));
});
const ledger = (...args: string[]) => run("ledger", ...args, "--state", state);
const open = () => openLedger(path, { station: "laptop-1", clock: () => 1_721_361_600_000, create: true });

async function append(...commands: string[]): Promise<void> {
  const store = await open();
  for (const commandId of commands)
    await store.append({ body: event("campaign.halted", { reason: commandId }), actor: "station", commandId });
  await store.close();
}
async function made(...args: string[]): Promise<Checkpoint> {
  return parseCheckpoint(JSON.parse((await ledger("checkpoint", "--json", ...args)).stdout).text);
}
async function types(): Promise<string[]> {
  const store = await open();
  const entries = await store.read(0);
  await store.close();
  return entries.map(({ body }) => body.type);
}
function tamper(sql: string): void {
  const raw = new DatabaseSync(path);
  raw.exec(`DROP TRIGGER IF EXISTS noUpdate; DROP TRIGGER IF EXISTS noDelete; ${sql}`);
  raw.close();
}
const answers = async (...args: string[]) => {
  const { stdout, exitCode } = await ledger("verify", "--json", ...args);
  const { checkpoints } = JSON.parse(stdout) as { checkpoints: { answer: string }[] };
  return [exitCode, ...checkpoints.map(({ answer }) => answer)];
};

describe("ledger checkpoint", () => {
  test("makes the station key once, signs the last entry, keeps the file, and says so in the entry after", async () => {
    const first = await made();
    expect(await types()).toEqual([...Array(6).fill("campaign.halted"), "station.key-made", "ledger.checkpointed"]);
    expect(first.seq).toBe(7);
    const second = await made();
    expect([second.seq, second.publicKey]).toEqual([8, first.publicKey]);
    expect(readdirSync(join(state, "checkpoints"))).toEqual([
      `checkpoint-7-${first.hash.slice(0, 8)}.json`,
      `checkpoint-8-${second.hash.slice(0, 8)}.json`,
    ]);
    for (const name of ["station-signing.key", `checkpoints/checkpoint-7-${first.hash.slice(0, 8)}.json`])
      expect(statSync(join(state, name)).mode & 0o777).toBe(0o600);
    expect(readdirSync(state).filter((name) => name.startsWith("station-signing"))).toEqual(["station-signing.key"]);
  });

  test("a lost key is replaced by a new one, the ledger says which, and old checkpoints still hold", async () => {
    const old = await made();
    rmSync(join(state, "station-signing.key"));
    const fresh = await made();
    expect(fresh.publicKey).not.toBe(old.publicKey);
    const { stdout } = await ledger("show", "--tail", "2", "--json");
    expect(JSON.parse(stdout.split("\n")[0]!).body).toEqual({
      type: "station.key-replaced",
      publicKey: fresh.publicKey,
      before: old.publicKey,
    });
    expect(await answers()).toEqual([0, "holds", "holds"]);
  });

  test("writes a file, and a page with the head, the symbol and room for two signatures, never over an old one", async () => {
    const [out, html] = [join(files, "c.json"), join(files, "c.html")];
    const checkpoint = await made("--out", out, "--html", html);
    expect(readFileSync(out, "utf8")).toBe(checkpointJson(checkpoint));
    const page = readFileSync(html, "utf8").replaceAll("&quot;", '"');
    for (const part of [`Entry ${checkpoint.seq}`, checkpoint.hash.slice(0, 4), "<svg", checkpointText(checkpoint)])
      expect(page).toContain(part);
    expect(page.match(/<td>Signature<\/td>/g)).toHaveLength(2);
    expect(page).not.toMatch(/(src|href)=/);
    const before = await types();
    await expect(ledger("checkpoint", "--out", out)).rejects.toThrow(/is there already.*Nothing was signed/);
    expect(await types()).toEqual(before);
  });

  test("shows the head in groups, and a QR code where one is asked for", async () => {
    const { stdout } = await ledger("checkpoint");
    expect(stdout).toMatch(/Entry +7\nHash +([0-9a-f]{4} ){7}[0-9a-f]{4}\n/);
    expect(stdout).not.toContain("\u2588");
    expect((await ledger("checkpoint", "--print-qr")).stdout).toContain("\u2588");
  });

  test("a ledger that does not hold is not signed", async () => {
    tamper("UPDATE entry SET actor = 'nobody' WHERE seq = 2");
    await expect(ledger("checkpoint")).rejects.toMatchObject({
      message: expect.stringMatching(/entry 2 was changed.*Nothing was signed/),
      exitCode: 1,
    });
    expect(existsSync(join(state, "station-signing.key"))).toBe(false);
  });

  test("a key of another kind, or no key at all, signs nothing and is left as it was", async () => {
    const file = join(state, "station-signing.key");
    const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({ type: "pkcs8", format: "pem" });
    for (const text of [rsa as string, "", "-----BEGIN PRIVATE KEY-----\n"]) {
      writeFileSync(file, text);
      await expect(ledger("checkpoint")).rejects.toMatchObject({
        message: expect.stringContaining("no Ed25519 key"),
        exitCode: 4,
      });
      expect(readFileSync(file, "utf8")).toBe(text);
    }
  });

  test("two processes that make the key at the same moment sign with the same one", async () => {
    const ran = await Promise.all([0, 1].map(() => breakglass(["ledger", "checkpoint", "--json", "--state", state])));
    expect(ran.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([
      [0, ""],
      [0, ""],
    ]);
    const keys = ran.map(({ stdout }) => JSON.parse(stdout).publicKey);
    expect(keys[0]).toBe(keys[1]);
    expect((await types()).filter((type) => type.startsWith("station.key"))).toEqual(["station.key-made"]);
    expect((await answers())[0]).toBe(0);
  });
});

describe("ledger verify against checkpoints", () => {
  test("an honest ledger that grew holds, and so does its export, by every checkpoint there is", async () => {
    const checkpoint = await made();
    await append("later", "still later");
    await made();
    const out = join(files, "l.jsonl");
    await ledger("export", "--out", out);
    expect(await answers()).toEqual([0, "holds", "holds"]);
    expect(await answers("--export", out)).toEqual([0, "holds", "holds"]);
    expect(await answers("--export", out, "--checkpoint", checkpointText(checkpoint))).toEqual([0, "holds"]);
    const { stdout } = await ledger("verify");
    expect(stdout).toMatch(/The ledger holds: 11 entries.*\nSo do its 2 checkpoints; the newest is of entry 10/);
  });

  test("an export that is older than the kept checkpoints is not held against them unless they are named", async () => {
    const out = join(files, "l.jsonl");
    await ledger("export", "--out", out);
    await made();
    expect(await answers("--export", out)).toEqual([0]);
    expect((await ledger("verify", "--export", out)).stdout).toMatch(
      /entry 7, which this export does not reach: not judged/,
    );
    expect(await answers("--export", out, "--checkpoints", join(state, "checkpoints"))).toEqual([1, "unknown-key"]);
  });

  test("a cut end is found without anybody having noted anything down", async () => {
    await made();
    await append("later");
    await made();
    tamper("DELETE FROM entry WHERE seq > 9");
    expect((await ledger("verify")).exitCode).toBe(0);
    tamper("DELETE FROM entry WHERE seq > 8");
    const { stdout, exitCode } = await ledger("verify");
    expect(exitCode).toBe(1);
    expect(stdout).toContain("the ledger was cut off after entry 8: when it was signed, it had 9");
    expect(stdout).toContain("Where: entries 1 to 7 are as they were signed; what was cut off begins at entry 9");
  });

  test("a ledger rewritten as a whole is found by a checkpoint and key from outside, though what lies beside it agrees", async () => {
    const outside = await made();
    for (const name of ["ledger.sqlite", "station-signing.key"]) rmSync(join(state, name));
    rmSync(join(state, "checkpoints"), { recursive: true });
    const store = await openLedger(path, {
      ...{ station: "laptop-1", clock: () => 1_721_361_600_000, create: true, ledgerId: outside.ledgerId },
    });
    for (let n = 0; n < 9; n++)
      await store.append({
        body: event("campaign.halted", { reason: "forged" }),
        actor: "station",
        commandId: `f${n}`,
      });
    await store.close();
    await made();
    expect(await answers()).toEqual([0, "holds"]);
    const file = join(files, "c.txt");
    writeFileSync(file, checkpointText(outside));
    expect(await answers("--checkpoint", file)).toEqual([1, "unknown-key"]);
    expect(await answers("--checkpoint", file, "--station-key", outside.publicKey)).toEqual([1, "rewritten"]);
    expect(await answers("--station-key", outside.publicKey.toUpperCase())).toEqual([1, "unknown-key"]);
  });

  test("a checkpoint signed by a stranger is said to be so, and one of another ledger, too", async () => {
    const { signature: _signature, version: _version, publicKey: _publicKey, ...head } = await made();
    const { privateKey } = generateKeyPairSync("ed25519");
    const file = join(files, "c.json");
    writeFileSync(file, checkpointJson(signCheckpoint(head, privateKey)));
    expect(await answers("--checkpoint", file)).toEqual([1, "unknown-key"]);
    expect(await answers("--checkpoint", file, "--station-key", publicKeyHex(privateKey))).toEqual([0, "holds"]);
    const pem = join(files, "key.pem");
    writeFileSync(pem, privateKey.export({ type: "pkcs8", format: "pem" }));
    expect(await answers("--checkpoint", file, "--station-key", pem)).toEqual([0, "holds"]);
    const ledgerId = `FFFFFFFF${head.ledgerId.slice(8)}` as typeof head.ledgerId;
    writeFileSync(file, checkpointJson(signCheckpoint({ ...head, ledgerId }, privateKey)));
    expect(await answers("--checkpoint", file, "--station-key", pem)).toEqual([1, "other-ledger"]);
  });

  test("what a checkpoint proves of a changed, removed and moved entry is said with its number", async () => {
    await made();
    tamper("UPDATE entry SET actor = 'nobody' WHERE seq = 3; DELETE FROM entry WHERE seq = 5");
    const { stdout } = await ledger("verify");
    expect(stdout).toContain("entry 3 was changed: its hash does not fit its fields");
    expect(stdout).toContain("entry 5 is missing");
    expect(stdout).toContain("entry 7 is as it was signed, and so are those from 6 on, but something before is not");
  });

  test("pages of the file that cannot be read are one finding, and what lies behind them is read", async () => {
    const store = await open();
    const more = Array.from({ length: 400 }, (_, n) => ({
      body: event("agent.stage", { uptime: n }),
      actor: "station",
      commandId: `m${n}`,
    }));
    await Promise.all(more.map((entry) => store.append(entry)));
    await store.close();
    await made();
    const bytes = readFileSync(path);
    const page = bytes.readUInt16BE(16);
    const at = bytes.indexOf('"uptime":200}') - (bytes.indexOf('"uptime":200}') % page);
    bytes.fill(0xff, at, at + page);
    writeFileSync(path, bytes);
    const { stdout, exitCode } = await ledger("verify", "--json");
    const { findings, checkpoints } = JSON.parse(stdout);
    expect(exitCode).toBe(1);
    expect(findings).toMatchObject([{ fault: "unreadable" }]);
    expect(findings[0].to - findings[0].seq).toBeLessThan(40);
    expect(checkpoints).toMatchObject([{ answer: "broken-before", seq: 407 }]);
  });

  test("a kept file that is no checkpoint is a fault, a named one is wrong input", async () => {
    await made();
    const file = join(state, "checkpoints", "x.json");
    writeFileSync(file, "{}\n");
    const { stdout, exitCode } = await ledger("verify");
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining("x.json holds no checkpoint")]);
    await expect(ledger("verify", "--checkpoint", file)).rejects.toMatchObject({ name: "OperatorError", exitCode: 2 });
    for (const wrong of [join(files, "none"), "BGCP1:12:", files])
      await expect(ledger("verify", "--checkpoint", wrong)).rejects.toMatchObject({
        name: "OperatorError",
        exitCode: 2,
      });
    await expect(ledger("verify", "--station-key", "abc")).rejects.toMatchObject({ code: "commander.invalidArgument" });
  });

  test("an export is judged line by line, and a line that is none does not end it", async () => {
    const checkpoint = await made();
    const store = await open();
    const lines = (await store.read(0)).map(exportLine);
    await store.close();
    const file = join(files, "l.jsonl");
    writeFileSync(file, lines.with(2, "rubbish\n").join(""));
    const { stdout } = await ledger("verify", "--export", file, "--checkpoint", checkpointText(checkpoint));
    expect(stdout).toContain("entry 3 cannot be read: line 3 is not a JSON object");
    expect(stdout).toContain("entry 7 is as it was signed, and so are those from 4 on");
  });
});
