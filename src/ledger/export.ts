import { canonicalJson, type JsonObject } from "../wire/json.ts";
import { MalformedError } from "../wire/malformed.ts";
import type { RawEntry } from "./entry.ts";
import type { RawBody } from "./events/event.ts";
import { assertPlain } from "./plain.ts";

/** One entry as one line of JSON, canonical (RFC 8785), LF at its end: docs/formats/ledger.md. */
export function exportLine(entry: RawEntry): string {
  const { ledgerId, epoch, seq, prev, hash, at, stationAt, station, actor, commandId, generation, body } = entry;
  const whole = { ledgerId, epoch, seq, prev, hash, at, stationAt, station, actor, commandId, generation, body };
  return `${canonicalJson(whole)}\n`;
}

const TEXT = ["ledgerId", "prev", "hash", "station", "actor", "commandId"];
const NUMBERS = ["epoch", "seq", "at", "stationAt", "generation"];
const FIELDS = [...TEXT, ...NUMBERS, "body"];

/** Reads one exported line, of whatever kind. Its fields are exactly an entry's; MalformedError carries the line number. */
export function parseExportLine(line: string, lineNumber: number): RawEntry {
  const object = parseObject(line, lineNumber);
  if (!isEntry(object)) throw new MalformedError("not a ledger entry", lineNumber);
  return object;
}

function isEntry(object: object): object is RawEntry {
  const fields = object as { readonly [name: string]: unknown };
  const body = fields.body as RawBody | null | undefined;
  return (
    Object.keys(object).length === FIELDS.length &&
    TEXT.every((field) => typeof fields[field] === "string") &&
    NUMBERS.every((field) => Number.isSafeInteger(fields[field])) &&
    typeof body === "object" &&
    typeof body?.type === "string" &&
    isPlain(body)
  );
}

/** What a ledger takes in: all else has no one form to hash (1e999), or none that ends (a hundred thousand brackets). */
function isPlain(body: RawBody): boolean {
  try {
    assertPlain(body, "body");
    return true;
  } catch {
    return false;
  }
}

function parseObject(line: string, lineNumber: number): JsonObject {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  } catch {}
  throw new MalformedError("not a JSON object", lineNumber);
}
