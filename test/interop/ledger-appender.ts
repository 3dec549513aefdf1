import { writeSync } from "node:fs";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { StoreError } from "../../src/ledger/store-error.ts";
import { event } from "../ledger/event.ts";

// Appends COUNT entries to the ledger at PATH, up to LANES at once, and says `ack ID SEQ` or `fail FAULT ID` for each.
const [path, name, count, lanes] = process.argv.slice(2);
const ledger = await openLedger(path!, { station: name!, clock: Date.now, create: true });
let next = 0;

async function lane(): Promise<void> {
  while (next < Number(count)) {
    const commandId = `${name}-${next++}`;
    const body = event("agent.stage", { session: name!, stage: "x".repeat(300) });
    try {
      const { seq } = await ledger.append({ body, actor: "station", commandId });
      writeSync(1, `ack ${commandId} ${seq}\n`);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      writeSync(1, `fail ${error.fault} ${commandId}\n`);
    }
  }
}

await Promise.all(Array.from({ length: Number(lanes) }, lane));
await ledger.close();
