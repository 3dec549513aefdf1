import type { Board, Standing } from "./board.ts";
import type { Estimate } from "./estimate.ts";
import { STANDS, type Stand } from "./stand.ts";

const WORDS: Readonly<Record<Stand, string>> = {
  failed: "failed",
  relapsed: "relapsed",
  waiting: "waiting",
  held: "held",
  "in-hand": "in hand",
  loading: "loading",
  rescued: "rescued",
  confirmed: "confirmed",
  "not-seen": "not seen",
};

/** `waits: no-key`, `in hand`, `failed: wrong-key`. */
export function standText({ stands, why }: Pick<Standing, "stands" | "why">): string {
  if (stands === "waiting") return `waits: ${why}`;
  return why !== null && (stands === "failed" || stands === "held") ? `${WORDS[stands]}: ${why}` : WORDS[stands];
}

/** `120 devices: 3 failed, 2 waiting, 70 confirmed, 45 not seen; 5 need a person; about 12 min left`. */
export function boardLine(board: Board): string {
  const { devices, counts, needPerson, estimate } = board;
  if (devices.length === 0) return "No device so far.";
  const parts = STANDS.filter((stand) => counts[stand] > 0).map((stand) => `${counts[stand]} ${WORDS[stand]}`);
  const need = needPerson === 0 ? [] : [needPerson === 1 ? "1 needs a person" : `${needPerson} need a person`];
  const left = estimate.is === "about" ? [`about ${durationText(estimate.seconds)} left`] : [];
  const many = devices.length === 1 ? "1 device" : `${devices.length} devices`;
  return [`${many}: ${parts.join(", ")}`, ...need, ...left].join("; ");
}

/** The estimate as a sentence, with what it rests on. */
export function estimateText(estimate: Estimate): string {
  if (estimate.is === "done") return "No device is left.";
  if (estimate.is === "about") {
    const { seconds, left, from } = estimate;
    const devices = left === 1 ? "the 1 device that is left" : `the ${left} devices that are left`;
    return `About ${durationText(seconds)} for ${devices}, at the pace of the last ${from} rescues.`;
  }
  return estimate.why === "stopped"
    ? "Unknown: no campaign is armed."
    : "Unknown: fewer than 5 devices have been rescued so far.";
}

/** `40 s`, `12 min`, `2 h 5 min`: rounded up. */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.ceil(seconds))} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? "" : ` ${rest} min`}`;
}
