import { DatabaseSync } from "node:sqlite";
import type { RawEntry } from "../../src/ledger/entry.ts";
import type { RawBody } from "../../src/ledger/events/event.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { link } from "./chain.ts";

/** Appends an entry to the ledger at `path` as another version would: its body may be anything. The chain holds. */
export async function appendAsLaterVersion(path: string, body: RawBody, commandId = "later"): Promise<RawEntry> {
  const ledger = await openLedger(path, { station: "laptop-2", clock: () => 0 });
  const [before] = await ledger.readRaw((await ledger.head()).seq - 1);
  await ledger.close();
  const { at, epoch, ledgerId, generation } = before!;
  const entry = link(before, body, { at, stationAt: at, epoch, ledgerId, generation, commandId, station: "laptop-2" });
  const { ledgerId: _ledgerId, body: _body, ...columns } = entry;
  const names = Object.keys(columns);
  const db = new DatabaseSync(path);
  const values = names.map((name) => `$${name}`).join(", ");
  db.prepare(`INSERT INTO entry (${names.join(", ")}, body) VALUES (${values}, $body)`).run({
    ...columns,
    body: JSON.stringify(body),
  });
  db.close();
  return entry;
}
