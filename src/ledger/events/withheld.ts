import type { RawEntry } from "../entry.ts";
import { bodyProblem, type EntryType, type RawBody } from "./event.ts";

/** Fields of entries that are digests of secrets. They do not leave the station in a file for other people. */
export const WITHHELD: Readonly<Partial<Record<EntryType, readonly string[]>>> = {
  "boot.token-minted": ["tokenHash"],
  "session.opened": ["tokenHash", "secretHash"],
  "token.created": ["hash"],
};

const GONE = "[withheld]";

/**
 * The entry without these fields, and without the digests that command IDs have of them. Of a kind that is not known
 * here only `type` is left. Its `hash` is that of the whole entry and does not fit any more.
 */
export function withoutWithheld(entry: RawEntry): RawEntry {
  return { ...entry, commandId: entry.commandId.replace(/[0-9a-f]{64}/g, GONE), body: shownBody(entry.body) };
}

function shownBody(body: RawBody): RawBody {
  if (bodyProblem(body) !== null) return { type: body.type, fields: GONE };
  const gone = new Set(WITHHELD[body.type as EntryType] ?? []);
  const shown = Object.entries(body).map(([name, value]) => [name, gone.has(name) ? GONE : value]);
  return Object.fromEntries(shown) as RawBody;
}
