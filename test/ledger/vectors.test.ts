import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exportLine, parseExportLine } from "../../src/ledger/export.ts";
import { verifyEntries } from "../../src/ledger/verify.ts";

test("a ledger exported by version 1 holds for ever, byte for byte", () => {
  const text = readFileSync(join(import.meta.dirname, "../vectors/ledger/version-1.jsonl"), "utf8");
  const entries = text.trimEnd().split("\n").map(parseExportLine);
  expect(verifyEntries(entries)).toMatchObject({ holds: true, entries: 3 });
  expect(entries.map(exportLine).join("")).toBe(text);
});
