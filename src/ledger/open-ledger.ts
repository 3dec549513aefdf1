import type { Ledger, LedgerOptions } from "./ledger.ts";
import { openSqliteLedger } from "./sqlite.ts";

/** The ledger's file in a state folder. */
export const LEDGER_FILE = "ledger.sqlite";

/** Opens the ledger at `path`. The one place that knows which store keeps it. */
export function openLedger(path: string, options: LedgerOptions): Promise<Ledger> {
  return openSqliteLedger(path, options);
}
