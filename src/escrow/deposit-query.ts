import type { Guid } from "../wire/guid.ts";
import type { Deposit } from "./deposit.ts";
import { SQL } from "./vault-file.ts";

/** One way to ask for deposits; all that fit come back. */
export type DepositQuery =
  | { readonly protectorId: Guid }
  /** What a recovery screen shows: 8 hex digits. */
  | { readonly first8: string }
  /** As the directory spells it, in any case. */
  | { readonly deviceName: string }
  /** A name with whatever domain, or none. */
  | { readonly bareName: string }
  /** In either case. */
  | { readonly deviceId: string }
  | { readonly depositId: string };

/** The vault file's question for it, and that question's values. */
export function questionOf(query: DepositQuery): [sql: string, ...values: string[]] {
  if ("protectorId" in query) return [SQL.byProtectors, JSON.stringify([query.protectorId])];
  if ("deviceName" in query) return [SQL.byDevice, query.deviceName];
  if ("bareName" in query) return [SQL.byBareName, query.bareName];
  if ("deviceId" in query) return [SQL.byDeviceId, query.deviceId, query.deviceId];
  if ("depositId" in query) return [SQL.byDeposit, query.depositId];
  const first8 = query.first8.toUpperCase();
  return [SQL.byFirst8, first8, first8];
}

/** Every deposit, a page of rows at a time. `page` gives those after a row's number. */
export function* pagesOf(page: (after: string) => readonly Record<string, unknown>[]): Generator<Deposit> {
  for (let rows = page("0"); rows.length > 0; ) {
    // As the file gives them: copying a million rows takes twice as long as reading them.
    for (const row of rows) yield row as unknown as Deposit;
    rows = page(String(rows.at(-1)!.number));
  }
}
