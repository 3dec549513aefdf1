import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { haltNow } from "../../src/campaign/halt-now.ts";
import { foldBoard, newBoard, readBoard } from "../../src/dashboard/board.ts";
import { rotationDue } from "../../src/escrow/rotation-due.ts";
import { openVault, type Vault } from "../../src/escrow/vault.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { verifyLedger } from "../../src/ledger/verify.ts";
import { Desk } from "../../src/station/desk.ts";
import { parseMac } from "../../src/wire/mac.ts";

// A state folder of November 2026, when entries had no types yet: the transcript's rescue, and after it a halt with its
// checkpoint, another campaign, a coverage check, a backup, a rotation and one more checkpoint, each by its verb.
const VECTORS = join(import.meta.dirname, "../vectors/state");
const DEVICE = parseMac("52:54:00:00:00:01");
const NOW = Date.UTC(2026, 11, 2);

let folder: string;
let ledger: Ledger;
let vault: Vault;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "breakglass-earlier-"));
  for (const name of ["ledger.sqlite", "vault.sqlite"])
    copyFileSync(join(VECTORS, `2026-11-${name}`), join(folder, name));
  ledger = await openLedger(join(folder, "ledger.sqlite"), { station: "laptop", clock: () => NOW });
  vault = await openVault(join(folder, "vault.sqlite"), { clock: () => NOW });
});

afterEach(async () => {
  await ledger.close();
  await vault.close();
  rmSync(folder, { recursive: true });
});

test("a ledger of an earlier version is decoded, entry by entry, and folds to the state that its station had", async () => {
  expect(await verifyLedger(ledger)).toMatchObject({ holds: true, entries: 20 });
  const desk = new Desk(ledger, () => {});
  await desk.catchUp();
  const { state } = desk;
  expect(state.seq).toBe(20);
  expect(state.campaign).toMatchObject({
    is: "armed",
    campaign: { generation: 2, unknown: "auto", hibernated: "stop" },
  });
  expect(state.sessions.byDevice.get(DEVICE)).toMatchObject({ outcome: "rescued", pairing: "481-902" });
  expect(state.boots.latest.has(DEVICE)).toBe(true);
});

test("the board of an earlier version's ledger has every device of its inventory where it stood", async () => {
  const board = newBoard();
  for (const entry of await ledger.read(0, 100)) foldBoard(board, entry);
  const { devices, counts } = readBoard(board, NOW);
  expect(devices.map(({ name, stands }) => [name, stands])).toEqual([
    ["PC-1", "confirmed"],
    ["PC-2", "not-seen"],
  ]);
  expect(counts).toMatchObject({ confirmed: 1, "not-seen": 1, failed: 0 });
});

test("what an earlier version said is rotated stays off the list, and its vault says what it holds", async () => {
  expect(await rotationDue(ledger, vault)).toEqual([]);
  expect(vault.find({ deviceName: "PC-1" })).toMatchObject([{ source: "keys.csv", directory: "Entra" }]);
});

test("a campaign that an earlier version armed can be halted, and the chain goes on", async () => {
  expect(await haltNow(ledger, "an upgrade", "operator:ada")).toEqual({ halted: "2026-12-01-6902" });
  expect(await verifyLedger(ledger)).toMatchObject({ holds: true, entries: 21 });
});
