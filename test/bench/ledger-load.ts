// A ledger as long as asked, appended as a busy station does, some hundred entries to a commit, then verified by another
// process: ledger-load.ts ENTRIES FOLDER. Leaves FOLDER/ledger.sqlite and its export, FOLDER/ledger.jsonl. Prints what it
// took as one line of JSON. With `verify FOLDER` it is that other process.
import { createWriteStream, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { run } from "../../src/drill/lab/program.ts";
import { exportLine } from "../../src/ledger/export.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { readThrough } from "../../src/ledger/read-through.ts";
import { Surveyor } from "../../src/ledger/survey.ts";
import { appendMany } from "./long-ledger.ts";
import { peakMB } from "./peak-memory.ts";

/** What this script prints. */
export interface LedgerLoad {
  readonly entries: number;
  readonly appendsPerSecond: number;
  readonly fileMB: number;
  readonly verifySeconds: number;
  /** The most memory that the verifying process had, Node itself included. */
  readonly verifyMB: number;
}

async function build(path: string, entries: number): Promise<number> {
  const ledger = await openLedger(path, { station: "bench", clock: Date.now, create: true });
  const began = performance.now();
  await appendMany(ledger, entries);
  const seconds = (performance.now() - began) / 1000;
  const out = createWriteStream(path.replace(".sqlite", ".jsonl"));
  for await (const page of readThrough(ledger)) {
    if ("why" in page) throw new Error(page.why);
    if (!out.write(page.map(exportLine).join(""))) await new Promise((drained) => out.once("drain", drained));
  }
  await finished(out.end());
  await ledger.close();
  return seconds;
}

/** As `breakglass ledger verify` does it, without its start. */
async function verify(
  path: string,
): Promise<{ readonly seconds: number; readonly entries: number; readonly mb: number }> {
  const began = performance.now();
  const ledger = await openLedger(path, { station: "bench", clock: Date.now });
  const surveyor = new Surveyor([], ledger.ledgerId);
  for await (const page of readThrough(ledger)) {
    if ("why" in page) surveyor.skip(page);
    else for (const entry of page) surveyor.take(entry);
  }
  const { entries, findings } = surveyor.end();
  const damage = await ledger.integrity();
  await ledger.close();
  if (findings.length + damage.length > 0) throw new Error(`it does not hold: ${findings[0]?.what ?? damage[0]}`);
  return { seconds: (performance.now() - began) / 1000, entries, mb: peakMB() };
}

const [what, folder] = [process.argv[2]!, process.argv[3]!];
const path = join(folder, "ledger.sqlite");
if (what === "verify") process.stdout.write(`${JSON.stringify(await verify(path))}\n`);
else {
  mkdirSync(folder, { recursive: true });
  for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
  const entries = Number(what);
  const appendSeconds = await build(path, entries);
  const fileMB = statSync(path).size / 1e6;
  const { code, stdout, stderr } = await run([process.execPath, import.meta.filename, "verify", folder], {
    timeout: 600_000,
  });
  if (code !== 0) throw new Error(stderr);
  const { seconds, mb } = JSON.parse(stdout);
  const load: LedgerLoad = {
    ...{ entries, appendsPerSecond: entries / appendSeconds, fileMB, verifySeconds: seconds, verifyMB: mb },
  };
  process.stdout.write(`${JSON.stringify(load)}\n`);
}
