/** How long the devices that are left take, or why nobody can say. */
export type Estimate =
  | { readonly is: "done" }
  | { readonly is: "unknown"; readonly why: "too-few-rescued" | "stopped" }
  | {
      readonly is: "about";
      readonly seconds: number;
      /** The devices it is for, and how many rescues the pace was taken from. */
      readonly left: number;
      readonly from: number;
    };

/** Fewer rescues than this tell no pace. */
const LEAST = 5;
/** The pace is that of the last so many: what went slowly in the first hour says little of the third. */
const LOOK_BACK = 20;

/**
 * The pace of the last rescues, up to `now`: while nothing comes the estimate grows. It counts every device that is
 * left, those too that were not seen, so it holds only if people keep switching devices on at the same pace.
 */
export function timeLeft({
  rescuedAt,
  left,
  stopped,
  now,
}: {
  /** Milliseconds since 1970, in any order. */
  readonly rescuedAt: readonly number[];
  readonly left: number;
  /** Nothing goes on now: no campaign is armed. */
  readonly stopped: boolean;
  readonly now: number;
}): Estimate {
  if (left === 0) return { is: "done" };
  if (stopped) return { is: "unknown", why: "stopped" };
  const last = [...rescuedAt].sort((a, b) => a - b).slice(-LOOK_BACK);
  if (last.length < LEAST) return { is: "unknown", why: "too-few-rescued" };
  const span = Math.max(now, last.at(-1)!) - last[0]!;
  return { is: "about", seconds: Math.ceil(((span / (last.length - 1)) * left) / 1000), left, from: last.length };
}
