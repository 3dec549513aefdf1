import type { Entry } from "../ledger/entry.ts";
import type { Guid } from "../wire/guid.ts";

/** How often a person, or a script in a person's name, may take a recovery password out. */
export interface HandCaps {
  /** Releases of one actor within an hour. A desk reads one password aloud in about two minutes. */
  readonly perActorAnHour: number;
  /** Releases of one key protector within a day, whoever asks: mistyped, lost, the next shift. */
  readonly perProtectorADay: number;
}

export const HAND_CAPS: HandCaps = { perActorAnHour: 60, perProtectorADay: 5 };

/** When what was released by hand, by the ledger's own time: milliseconds since 1970 UTC, ascending. */
export interface ReleasedByHand {
  readonly byActor: ReadonlyMap<string, readonly number[]>;
  readonly byProtector: ReadonlyMap<Guid, readonly number[]>;
  /** Ledger time of the last entry taken in. A clock that was set back gives nobody a second share. */
  readonly at: number;
}

interface Growing extends ReleasedByHand {
  readonly byActor: Map<string, number[]>;
  readonly byProtector: Map<Guid, number[]>;
  at: number;
}

export function newReleasedByHand(): ReleasedByHand {
  return { byActor: new Map(), byProtector: new Map(), at: 0 };
}

/** Takes in one more ledger entry, in place. */
export function foldReleasedByHand(state: ReleasedByHand, { body, actor, at }: Entry): void {
  const into = state as Growing;
  into.at = at;
  if (body.type !== "key.released-by-hand") return;
  put(into.byActor, actor, at);
  put(into.byProtector, body.protectorId, at);
}

function put<Key>(times: Map<Key, number[]>, key: Key, at: number): void {
  const known = times.get(key);
  if (known === undefined) times.set(key, [at]);
  else known.push(at);
}
