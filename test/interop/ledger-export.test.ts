import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exportLine } from "../../src/ledger/export.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { event } from "../ledger/event.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/formats/ledger.md"), "utf8");
const SCRIPT = /```python\n(.*?)```/s.exec(PAGE)![1]!;

let folder: string;
let lines: string[];
let head: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ledger-export-"));
  let now = 1_721_360_000_000;
  const ledger = await openLedger(join(folder, "l.sqlite"), {
    station: "Lapt\u00f6p 1",
    clock: () => (now += 7),
    create: true,
  });
  const strange = 'quote " backslash \\ slash / tab \t bell \u0007 del \u007f line \u2028 emoji \u{1f6df} \ufb33';
  const document = { z: [1, { y: null, x: true }], B: -(2 ** 53 - 1), b: strange };
  const bodies = [event("vault.created"), event("campaign.armed", { document }), event("ledger.checkpointed")];
  for (const [index, body] of bodies.entries()) {
    await ledger.append({ body, actor: `operator:${strange}`, commandId: `c${index}` });
  }
  const entries = await ledger.read(0);
  lines = entries.map(exportLine);
  head = `${entries.length}:${entries.at(-1)!.hash}`;
  await ledger.close();
});
afterEach(() => rmSync(folder, { recursive: true }));

function check(content: string): { readonly status: number | null; readonly said: string } {
  const [script, file] = [join(folder, "check.py"), join(folder, "ledger.jsonl")];
  writeFileSync(script, SCRIPT);
  writeFileSync(file, content);
  const { status, stdout, stderr } = spawnSync("python3", [script, file], { encoding: "utf8" });
  return { status, said: (stdout + stderr).trim() };
}

test("the script in docs/formats/ledger.md accepts an export and prints its head", () => {
  expect(check(lines.join(""))).toEqual({ status: 0, said: `the ledger holds: 3 entries, head ${head}` });
});

test("the script is short enough to read before trusting it", () => {
  expect(SCRIPT.trimEnd().split("\n").length).toBeLessThanOrEqual(14);
});

test.each<[string, (lines: string[]) => string[], number]>([
  ["a changed field", (all) => all.with(1, all[1]!.replace('"commandId":"c1"', '"commandId":"c9"')), 2],
  ["a changed body", (all) => all.with(1, all[1]!.replace('"x":true', '"x":false')), 2],
  ["a dropped entry", (all) => [all[0]!, all[2]!], 2],
  ["swapped entries", (all) => [all[1]!, all[0]!, all[2]!], 1],
  ["a repeated entry", (all) => [all[0]!, all[0]!], 2],
])("the script finds %s and says where", (_what, change, seq) => {
  expect(check(change(lines).join(""))).toEqual({ status: 1, said: `the ledger breaks at entry ${seq}` });
});
