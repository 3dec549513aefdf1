import type { Ledger } from "../ledger/ledger.ts";
import { pasteable } from "./next-step.ts";
import { formatAge, formatTime } from "./table.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/**
 * How far this machine's clock and the ledger's newest entry may lie apart, in milliseconds. Entries never go back in
 * time, so a clock before the newest one is wrong now or was wrong then; stations that share a ledger differ by less
 * than the first. A ledger that nothing was written to for longer than the second is rare; a clock that was set to the
 * wrong year is not.
 */
export const CLOCK_LIMITS = { behind: 5 * MINUTE, beyond: 180 * DAY } as const;

/** Why the clock cannot be trusted, in a sentence; null if it agrees. Both in milliseconds since 1970 UTC. */
export function clockDoubt(newest: number | null, now: number): string | null {
  if (newest === null) return null;
  const says = `This machine's clock says ${formatTime(now)}`;
  if (now < newest - CLOCK_LIMITS.behind)
    return `${says}, which is ${formatAge(newest - now)} BEFORE the ledger's newest entry (${formatTime(newest)}).`;
  if (now > newest + CLOCK_LIMITS.beyond)
    return `${says}, which is ${formatAge(now - newest)} after the ledger's newest entry (${formatTime(newest)}).`;
  return null;
}

/** The doubt about this machine's clock, by the ledger's newest entry. */
export async function clockDoubtOf(ledger: Ledger): Promise<string | null> {
  const [newest] = await ledger.readRaw(Math.max(0, (await ledger.head()).seq - 1), 1);
  return clockDoubt(newest?.at ?? null, Date.now());
}

/** Says so on standard error, and nothing else: a rescue does not wait for a clock. */
export async function sayClock(ledger: Ledger): Promise<void> {
  const doubt = await clockDoubtOf(ledger);
  if (doubt === null) return;
  process.stderr.write(
    `breakglass: ${doubt} Ages, limits per hour and expiry dates may be wrong.\n  next: ${pasteable("Check the clock (date -u; set it with: timedatectl set-time). The ledger's times: breakglass ledger show --tail 5")}\n`,
  );
}
