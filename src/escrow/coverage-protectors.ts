import type { Guid } from "../wire/guid.ts";
import type { Candidate } from "./coverage-match.ts";
import type { Deposit } from "./deposit.ts";

/** What the whole vault holds of one key protector ID, and of those that look like it on a recovery screen. */
export interface SeenProtector {
  /** Different passwords for this ID. */
  readonly passwords: number;
  /** Other IDs with the same first 8 characters, in the order of their IDs. */
  readonly sameFirst8: readonly { readonly protectorId: Guid; readonly deviceName: string | null }[];
}

interface Seeing {
  passwords: number;
  readonly others: Map<Guid, string | null>;
}

/** The candidates' key protectors as all deposits of the vault show them; one pass over those. */
export function protectorsSeen(
  candidates: readonly Candidate[],
  deposits: Iterable<Deposit>,
): ReadonlyMap<Guid, SeenProtector> {
  const seen = new Map<Guid, Seeing>();
  const byFirst8 = new Map<string, Guid[]>();
  for (const { protectorId } of candidates) {
    if (seen.has(protectorId)) continue;
    seen.set(protectorId, { passwords: 0, others: NOBODY });
    const known = byFirst8.get(protectorId.slice(0, 8));
    if (known === undefined) byFirst8.set(protectorId.slice(0, 8), [protectorId]);
    else known.push(protectorId);
  }
  for (const { protectorId, deviceName } of deposits) {
    const fits = byFirst8.get(protectorId.slice(0, 8));
    for (const id of fits ?? []) {
      const seeing = seen.get(id)!;
      if (id === protectorId) seeing.passwords += 1;
      else seen.set(id, { ...seeing, others: withOther(seeing.others, protectorId, deviceName) });
    }
  }
  return new Map([...seen].map(([id, { passwords, others }]) => [id, { passwords, sameFirst8: inOrder(others) }]));
}

/** Nearly all of a million protectors look like no other: they share this. */
const NOBODY: Map<Guid, string | null> = new Map();

/** Of several names for one ID, the same one whichever came first. */
function withOther(others: Map<Guid, string | null>, id: Guid, name: string | null): Map<Guid, string | null> {
  const known = others.get(id) ?? null;
  const first = known === null || (name !== null && name < known) ? name : known;
  return new Map(others).set(id, first);
}

function inOrder(others: Map<Guid, string | null>): SeenProtector["sameFirst8"] {
  if (others.size === 0) return NONE;
  const all = [...others].map(([protectorId, deviceName]) => ({ protectorId, deviceName }));
  return all.sort((a, b) => (a.protectorId < b.protectorId ? -1 : 1));
}

const NONE: SeenProtector["sameFirst8"] = [];
