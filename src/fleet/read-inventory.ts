import { MalformedError } from "../wire/malformed.ts";
import { readDeviceList } from "./device-list.ts";
import type { InventoryDevice } from "./inventory.ts";

/** A row that an inventory cannot be used with, and why. */
interface BadRow {
  readonly line: number;
  readonly faults: readonly string[];
}

/** An inventory with rows that are wrong: all of them. `told` has the first twenty in words, `more` how many are left. */
export class BadRowsError extends MalformedError {
  readonly rows: readonly BadRow[];
  readonly told: readonly string[];
  readonly more: number;

  constructor(rows: readonly BadRow[]) {
    const told = rows.slice(0, MOST_TOLD).map(({ line, faults }) => `line ${line}: ${faults.join(", ")}`);
    const more = rows.length - told.length;
    const what = [...told, ...(more > 0 ? [`and ${more} more rows`] : [])].join("; ");
    super(rows.length === 1 ? what : `${rows.length} rows are wrong: ${what}`, rows[0]!.line);
    this.rows = rows;
    this.told = told;
    this.more = more;
  }
}

const MOST_TOLD = 20;

/**
 * Reads an inventory: CSV with the header `name,mac,serial,uuid` (columns in any order, `name` and one other needed;
 * semicolons and tabs do as well as commas; several MACs in a cell are separated by space or semicolon). An inventory
 * decides who gets keys without a person asking, so a doubtful row is not guessed at, and a mark that many mainboards
 * carry is refused: throws BadRowsError with all such rows, and MalformedError where the whole is no inventory.
 */
export function parseInventory(source: string | Uint8Array): InventoryDevice[] {
  const bytes = typeof source === "string" ? new TextEncoder().encode(source) : source;
  const list = readDeviceList(bytes, "strict");
  const bad = list.filter(({ faults }) => faults.length > 0);
  if (bad.length > 0) throw new BadRowsError(bad.map(({ line, faults }) => ({ line, faults })));
  return list.map(({ name, macs, serial, uuid }) => ({ name: name!, macs, serial, uuid }));
}
