import { hash } from "node:crypto";
import { canonicalJson } from "../wire/json.ts";
import type { Entry } from "./entry.ts";

/** `prev` of the first entry. */
export const NO_ENTRY = "0".repeat(64);

/** The entry's hash, 64 hex digits: SHA-256 over the UTF-8 canonical JSON (RFC 8785) of every field but `hash`. */
export function entryHash(entry: Omit<Entry, "hash">): string {
  const { ledgerId, epoch, seq, prev, at, stationAt, station, actor, commandId, generation, body } = entry;
  const covered = { ledgerId, epoch, seq, prev, at, stationAt, station, actor, commandId, generation, body };
  return hash("sha256", canonicalJson(covered));
}
