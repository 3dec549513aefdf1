import { GOOD_OUTCOMES, type Session } from "../rescue/session.ts";

/** Where a device stands, in the order in which people have to know it: what needs one of them comes first. */
export const STANDS = [
  "failed",
  "relapsed",
  "waiting",
  "held",
  "in-hand",
  "loading",
  "rescued",
  "confirmed",
  "not-seen",
] as const;
export type Stand = (typeof STANDS)[number];

/** Why a device is held: the campaign does not admit it now. Any other reason to wait passes, or a person ends it. */
const HELD: ReadonlySet<string> = new Set(["no-campaign", "halted", "not-in-plan"]);

/** Reasons to wait that end by themselves. */
const PASSES: ReadonlySet<string> = new Set(["rate-cap", "load-turn"]);

/** Where a session's device stands by what the ledger has of the session. `why`: an outcome or a reason word. */
export function standOf({ outcome, progress, held, refused, paired, unproven }: Session): {
  readonly stands: Stand;
  readonly why: string | null;
} {
  if (outcome !== null) {
    if (!GOOD_OUTCOMES.has(outcome)) return { stands: "failed", why: outcome };
    if (progress === "confirmed" || progress === "relapsed") return { stands: progress, why: outcome };
    return { stands: "rescued", why: unproven ? "unproven" : outcome };
  }
  if (refused !== null) return { stands: "failed", why: refused };
  // Once the code is confirmed the agent asks again within seconds.
  if (held === null || (paired && held === "awaiting-confirmation")) return { stands: "in-hand", why: null };
  return { stands: HELD.has(held) ? "held" : "waiting", why: held };
}

/** True where nothing goes on until a person does something for this device. */
export function needsPerson(stands: Stand, why: string | null): boolean {
  return stands === "failed" || stands === "relapsed" || (stands === "waiting" && !PASSES.has(why ?? ""));
}
