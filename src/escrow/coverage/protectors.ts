import type { Guid } from "../../wire/guid.ts";
import type { Deposit } from "../deposit.ts";
import type { Candidate } from "./match.ts";

/** What the whole vault holds of one key protector ID, and of those that look like it on a recovery screen. */
export interface SeenProtector {
  /** Different passwords for this ID. */
  readonly passwords: number;
  /** Other IDs with the same first 8 characters, and a device's name each; null if no deposit of it has one. */
  readonly sameFirst8: ReadonlyMap<Guid, string | null>;
}

interface Seeing extends SeenProtector {
  readonly protectorId: Guid;
  passwords: number;
  sameFirst8: Map<Guid, string | null>;
  /** The next candidate with the same first 8 characters. */
  readonly next: Seeing | null;
}

/** Nearly all of a million protectors look like no other: they share this. */
const NONE: Map<Guid, string | null> = new Map();

/** The candidates' key protectors as all deposits of the vault show them; one pass over those. */
export function protectorsSeen(
  candidates: Iterable<Candidate>,
  deposits: Iterable<Deposit>,
): ReadonlyMap<Guid, SeenProtector> {
  const seen = new Map<Guid, Seeing>();
  const byFirst8 = new Map<number, Seeing>();
  for (const { protectorId } of candidates) {
    if (seen.has(protectorId)) continue;
    const first8 = numberOf(protectorId);
    const seeing = { protectorId, passwords: 0, sameFirst8: NONE, next: byFirst8.get(first8) ?? null };
    byFirst8.set(first8, seeing);
    seen.set(protectorId, seeing);
  }
  for (const { protectorId, deviceName } of deposits) {
    let seeing = byFirst8.get(numberOf(protectorId)) ?? null;
    for (; seeing !== null; seeing = seeing.next) {
      if (seeing.protectorId === protectorId) seeing.passwords += 1;
      else note(seeing, protectorId, deviceName);
    }
  }
  return seen;
}

/** The first 8 characters of an ID as a number: half the time of a million short texts. */
function numberOf(protectorId: Guid): number {
  return Number.parseInt(protectorId.slice(0, 8), 16);
}

/** Of several names for one ID, the same one whichever came first. */
function note(seeing: Seeing, id: Guid, name: string | null): void {
  if (seeing.sameFirst8 === NONE) seeing.sameFirst8 = new Map();
  const known = seeing.sameFirst8.get(id) ?? null;
  seeing.sameFirst8.set(id, known === null || (name !== null && name < known) ? name : known);
}
