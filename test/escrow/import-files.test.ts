import { join } from "node:path";
import { expect, test } from "vitest";
import type { FileProblem } from "../../src/escrow/exports/export-file.ts";
import { importFiles, isComplete, nothingRead } from "../../src/escrow/import-files.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { ID_A, newVault, PASSWORD_A, temporaryFolder } from "./fixture.ts";

const ACT = { actor: "operator:erin", fresh: "1" };
const CSV = `Hostname,KeyID,RecoveryKey,Directory\r\nPC-0001,${ID_A},${PASSWORD_A},Entra\r\n`;

/** One `importFiles` into a new vault; what the ledger says afterwards. */
async function imported(file: string | FileProblem, stop?: AbortSignal) {
  const vault = await newVault();
  const path = join(temporaryFolder(), "ledger");
  const ledger = await openLedger(path, { station: "bench", clock: () => 1_721_360_000_000, create: true });
  const open = () => [Buffer.from(String(file))];
  const files = [typeof file === "string" ? { name: "keys.csv", isOneOfMany: false, path: null, open } : file];
  const done = await importFiles({ vault, ledger }, files, { source: "keys.csv", format: null, stop }, ACT);
  const entries = await ledger.read(0);
  await ledger.close();
  return { vault, ledger, done, told: entries.filter(({ body }) => body.type === "vault.imported") };
}

test("an import of files leaves one entry with its counts, and the vault belongs to that ledger", async () => {
  const { vault, ledger, told } = await imported(CSV);
  expect(vault.ledgerId).toBe(ledger.ledgerId);
  expect(told.map(({ body, actor, commandId }) => ({ body, actor, commandId }))).toEqual([
    {
      body: {
        ...{ type: "vault.imported", vaultId: vault.vaultId, source: "keys.csv", format: "crowdstrike" },
        ...{ deposited: 1, present: 0, superseded: 0, rejected: 0, conflicts: 0, named: 0, filesNotRead: 0 },
      },
      actor: "operator:erin",
      commandId: "import:1",
    },
  ]);
});

test("an import that was stopped says so in its entry", async () => {
  const { done, told } = await imported(CSV, AbortSignal.abort());
  expect(done).toMatchObject({ stopped: true, rows: 0 });
  expect(told[0]?.body).toMatchObject({ stopped: true, deposited: 0 });
});

test("an import that read no file leaves no entry", async () => {
  const { done, told } = await imported({ file: "keys.csv", what: "is empty", next: "Export it again." });
  expect(nothingRead(done)).toBe(true);
  expect(done.firstNotRead).toHaveLength(1);
  expect(told).toEqual([]);
});

test("every file of a run has its line, and an empty one makes the import incomplete", async () => {
  const vault = await newVault();
  const ledger = await openLedger(join(temporaryFolder(), "ledger"), {
    ...{ station: "bench", clock: () => 1_721_360_000_000, create: true },
  });
  const file = (name: string, content: string) => ({
    ...{ name, isOneOfMany: true, path: null, open: () => [Buffer.from(content)] },
  });
  const header = "Hostname,KeyID,RecoveryKey\n";
  const files = [
    file("whole.csv", `${header}PC-0001,${ID_A},${PASSWORD_A}\n`),
    file("half.csv", `${header}PC-0002,${ID_A},\nPC-0003,nonsense,${PASSWORD_A}\n`),
    file("empty.csv", header),
    file("letter.txt", "Dear team,\n"),
  ];
  const done = await importFiles({ vault, ledger }, files, { source: "folder", format: null }, ACT);
  await ledger.close();
  expect(done.firstFiles).toEqual([
    { file: "whole.csv", format: "crowdstrike", rows: 1, devices: 0, rejected: 0 },
    { file: "half.csv", format: "crowdstrike", rows: 2, devices: 0, rejected: 2 },
    { file: "empty.csv", format: "crowdstrike", rows: 0, devices: 0, rejected: 0 },
  ]);
  expect(done).toMatchObject({ filesEmpty: 1, filesNotRead: 1 });
  expect(isComplete(done)).toBe(false);
  const good = { ...done, rejected: 0, filesNotRead: 0, filesEmpty: 0 };
  expect(isComplete(good)).toBe(true);
  expect(["rejected", "filesNotRead", "filesEmpty"].map((what) => isComplete({ ...good, [what]: 1 }))).toEqual([
    ...[false, false, false],
  ]);
});
