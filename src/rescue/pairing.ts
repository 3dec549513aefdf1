import type { NewEntry } from "../ledger/entry.ts";
import type { BodyOf } from "../ledger/events/event.ts";
import { newestSessions, type Session, type Sessions } from "./session.ts";

/** Why a pairing code confirms nothing: no waiting device shows it, or several do. */
export interface NotPaired {
  readonly refuse: "code-unknown" | "code-twice";
  /** The devices that show it. */
  readonly found: readonly Session[];
  /** How many devices wait. */
  readonly waiting: number;
}

/** The entry that confirms the one waiting device whose screen shows this code, such as `481-902`; or why there is none. */
export function confirmPairing(
  sessions: Sessions,
  pairing: string,
  actor: string,
): NewEntry<BodyOf<"pairing.confirmed">> | NotPaired {
  const waiting = newestSessions(sessions).filter((each) => each.outcome === null && !each.paired);
  const found = waiting.filter((each) => each.pairing === pairing);
  const [only, ...others] = found;
  if (only === undefined) return { refuse: "code-unknown", found, waiting: waiting.length };
  if (others.length > 0) return { refuse: "code-twice", found, waiting: waiting.length };
  const { session, device } = only;
  return { body: { type: "pairing.confirmed", session, device }, actor, commandId: `pair:${session}` };
}
