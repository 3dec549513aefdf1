import type { RawEntry } from "../../src/ledger/entry.ts";
import type { RawBody } from "../../src/ledger/events/event.ts";
import { entryHash, NO_ENTRY } from "../../src/ledger/hash.ts";

export const LEDGER = "24B0AA32-F8D0-40BA-BB05-73A800324C09";

/** The entry that a ledger would append for this body. */
export function link(before: RawEntry | undefined, body: RawBody, more: Partial<RawEntry> = {}): RawEntry {
  const seq = (before?.seq ?? 0) + 1;
  const open = {
    ledgerId: before?.ledgerId ?? LEDGER,
    epoch: (before?.epoch ?? 1) + (body.type === "ledger.adopted" ? 1 : 0),
    seq,
    prev: before?.hash ?? NO_ENTRY,
    at: 1_000 + seq * 10,
    stationAt: 1_000,
    station: "laptop-1",
    actor: "operator:ada",
    commandId: `c${seq}`,
    generation: 1,
    body,
    ...more,
  };
  const { hash: _hash, ...fields } = open as RawEntry;
  return { ...fields, hash: entryHash(fields) };
}

/** A ledger of these bodies. */
export function chainOf(bodies: readonly RawBody[], before?: RawEntry): RawEntry[] {
  const entries: RawEntry[] = before === undefined ? [] : [before];
  for (const body of bodies) entries.push(link(entries.at(-1), body));
  return before === undefined ? entries : entries.slice(1);
}
