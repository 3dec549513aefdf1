import { randomBytes } from "node:crypto";
import type { ClockAndRandom } from "../station/clock-and-random.ts";

/** The machine's own. */
export const REAL_CLOCK: ClockAndRandom = { now: Date.now, bytes: (length) => randomBytes(length) };
