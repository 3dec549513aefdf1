import { hash } from "node:crypto";
import { canonicalJson } from "../wire/json.ts";
import type { RawEntry } from "./entry.ts";

/** `prev` of the first entry. */
export const NO_ENTRY = "0".repeat(64);

/**
 * The entry's hash, 64 hex digits: SHA-256 over the UTF-8 canonical JSON (RFC 8785) of every field but `hash`. The fields
 * stand here in the order that sorting gives, because a ledger has millions of entries to verify.
 */
export function entryHash(entry: Omit<RawEntry, "hash">): string {
  const { ledgerId, epoch, seq, prev, at, stationAt, station, actor, commandId, generation, body } = entry;
  const who = `{"actor":${quoted(actor)},"at":${at},"body":${canonicalJson(body)},"commandId":${quoted(commandId)}`;
  const when = `,"epoch":${epoch},"generation":${generation},"ledgerId":${quoted(ledgerId)},"prev":${quoted(prev)}`;
  return hash("sha256", `${who}${when},"seq":${seq},"station":${quoted(station)},"stationAt":${stationAt}}`);
}

const quoted = (text: string) => JSON.stringify(text);

/** The same, or null for a file's entry that has no canonical form: infinite numbers, brackets without an end. */
export function hashOf(entry: Omit<RawEntry, "hash">): string | null {
  try {
    return entryHash(entry);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

export function hashFits(entry: RawEntry): boolean {
  return entry.hash === hashOf(entry);
}
