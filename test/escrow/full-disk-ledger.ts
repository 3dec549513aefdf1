import type { Ledger } from "../../src/ledger/ledger.ts";
import { StoreError } from "../../src/ledger/store-error.ts";

/** That ledger, for reading and appending, on a disk that has no room while `isFull` says so. */
export function fullDiskLedger(ledger: Ledger, path: string, isFull: () => boolean): Ledger {
  const refused = () => Promise.reject(new StoreError("full", "ledger", path, "disk full"));
  return {
    read: ledger.read.bind(ledger),
    append: (entry) => (isFull() ? refused() : ledger.append(entry)),
    appendIfHead: (entry, headSeq) => (isFull() ? refused() : ledger.appendIfHead(entry, headSeq)),
  } as Ledger;
}
