// A halt by the packaged executable on a long ledger: halt-load.ts ENTRIES FOLDER. Prints JSON: the seconds of `halt`, its
// checkpoint included, and of the executable's bare start beside it.
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { NO_CAMPAIGN } from "../../src/campaign/campaign.ts";
import { arm } from "../../src/campaign/command.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { appendMany } from "./long-ledger.ts";
import { must } from "./peers.ts";
import { RELEASE } from "./start-rows.ts";

const [entries, folder] = process.argv.slice(2) as [string, string];
chmodSync(folder, 0o700);
const path = join(folder, "ledger.sqlite");
for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
const ledger = await openLedger(path, { station: "bench", clock: Date.now, create: true });
const campaign = { campaign: "bench", remedy: "r", remedySha256: "0".repeat(64), document: {}, devices: [] };
const armed = arm(NO_CAMPAIGN, { ...campaign, unknown: "auto", hibernated: "stop" }, "operator:bench");
if (typeof armed === "string") throw new Error(armed);
await ledger.append(armed);
await appendMany(ledger, Number(entries) - 1);
await ledger.close();

const program = join(RELEASE, "breakglass");
async function timed(...argv: string[]): Promise<number> {
  const began = performance.now();
  await must([program, ...argv]);
  return (performance.now() - began) / 1000;
}
const startSeconds = await timed("--version");
const haltSeconds = await timed("halt", "--reason", "a benchmark", "--state", folder);
process.stdout.write(`${JSON.stringify({ entries: Number(entries), haltSeconds, startSeconds })}\n`);
