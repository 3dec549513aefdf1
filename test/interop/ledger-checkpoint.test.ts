import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { qrCode, symbolSvg } from "../../src/dashboard/symbol.ts";
import { checkpointJson, checkpointText, parseCheckpoint, signCheckpoint } from "../../src/ledger/checkpoint.ts";
import { exportLine } from "../../src/ledger/export.ts";
import { parseGuid } from "../../src/wire/guid.ts";
import { chainOf } from "../ledger/chain.ts";
import { describeWith } from "./needs.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/formats/ledger.md"), "utf8");
const SECTION = PAGE.slice(PAGE.indexOf("## A checkpoint"));
const SHELL = /```sh\n(.*?)```/s.exec(SECTION)![1]!;
const PYTHON = /```python\n(.*?)```/s.exec(SECTION)![1]!;

const folder = mkdtempSync(join(tmpdir(), "ledger-checkpoint-"));
afterAll(() => rmSync(folder, { recursive: true }));

const { privateKey } = generateKeyPairSync("ed25519");
const entries = chainOf(Array.from({ length: 9 }, (_, n) => ({ type: "x", n })));
const { ledgerId, epoch, seq, hash } = entries[6]!;
// What canonical JSON has to escape, and what it must not.
const station = 'Läptop "7" \\ \u007f \u{1f6df}';
const checkpoint = signCheckpoint(
  { ledgerId: parseGuid(ledgerId), epoch, seq, hash, at: 1_721_361_600_000, station },
  privateKey,
);

function run(program: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: "utf8" });
  return { status, said: (stdout + stderr).trim() };
}
function put(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

describeWith(["openssl", "basenc"], "the openssl commands of docs/formats/ledger.md", () => {
  test("find that the signature is the station key's", () => {
    put("checkpoint.json", checkpointJson(checkpoint));
    expect(run("sh", "-euc", SHELL)).toEqual({ status: 0, said: "Signature Verified Successfully" });
  });

  test.each(["at", "seq", "hash", "station", "publicKey"] as const)("find that %s was changed", (field) => {
    const value = checkpoint[field];
    const other = typeof value === "number" ? value + 1 : value.replace(/.$/u, (last) => (last === "0" ? "1" : "0"));
    put("checkpoint.json", checkpointJson({ ...checkpoint, [field]: other }));
    expect(run("sh", "-euc", SHELL).status).not.toBe(0);
  });

  test("read the station key file that stock openssl makes", async () => {
    const { stationKey } = await import("../../src/cli/signing-key.ts");
    const path = join(folder, "own.key");
    expect(run("openssl", "genpkey", "-algorithm", "ed25519", "-out", path).status).toBe(0);
    expect(stationKey(path).asymmetricKeyType).toBe("ed25519");
  });
});

describeWith(["python3", "openssl"], "the script of docs/formats/ledger.md", () => {
  const check = (lines: readonly string[], signed: string) => {
    const [script, ledger] = [put("check.py", PYTHON), put("ledger.jsonl", lines.join(""))];
    return run("python3", script, ledger, put("signed-checkpoint", signed));
  };
  const lines = entries.map(exportLine);
  const good = `entries 1 to 7 are as they were signed with key ${checkpoint.publicKey}`;

  test("finds the entry that was signed, by the JSON and by the QR code's text", () => {
    expect(check(lines, checkpointJson(checkpoint))).toEqual({ status: 0, said: good });
    expect(check(lines, `${checkpointText(checkpoint)}\n`)).toEqual({ status: 0, said: good });
  });

  test("finds a cut end, a rewritten entry and a forged checkpoint", () => {
    const gone = { status: 1, said: `the entry that was signed is not there: 7:${hash}` };
    expect(check(lines.slice(0, 6), checkpointJson(checkpoint))).toEqual(gone);
    const anew = chainOf(Array.from({ length: 9 }, (_, n) => ({ type: "y", n })));
    expect(check(anew.map(exportLine), checkpointJson(checkpoint))).toEqual(gone);
    const forged = checkpointJson({ ...checkpoint, hash: anew[6]!.hash });
    expect(check(anew.map(exportLine), forged)).toEqual({ status: 1, said: "the signature does not fit" });
  });

  test("is short enough to read before trusting it", () => {
    expect(PYTHON.trimEnd().split("\n").length).toBeLessThanOrEqual(28);
  });
});

describeWith(["zbarimg", "rsvg-convert"], "a scanner", () => {
  test("reads the checkpoint's QR code, 61 modules wide, as the same checkpoint", async () => {
    const symbol = await qrCode(checkpointText({ ...checkpoint, station: "recovery-1" }));
    expect(symbol.width).toBeLessThanOrEqual(61);
    put("qr.svg", `${symbolSvg(await qrCode(checkpointText(checkpoint)), 3)}`);
    expect(run("rsvg-convert", "qr.svg", "-o", "qr.png").status).toBe(0);
    // On its standard error it misses D-Bus, which it needs for nothing here.
    const read = spawnSync("zbarimg", ["--quiet", "--raw", "qr.png"], { cwd: folder, encoding: "utf8" });
    expect(read.status).toBe(0);
    expect(parseCheckpoint(read.stdout)).toEqual(checkpoint);
  });
});
