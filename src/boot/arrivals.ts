import type { MacAddress } from "../wire/mac.ts";

/** Devices that load their loader at the same time: enough to fill 1 GbE even at 512 bytes a round trip. */
export const MOST_ARRIVALS = 256;
/** From the offer to the question for the boot file it is a lease, a second or two; forged offers are forgotten soon. */
const OFFERED_MS = 5000;
/** From then to the boot script, on a slow line. */
const LOADING_MS = 60_000;

/**
 * Devices between offer and boot script. Loaders cannot be queued as the image is: firmware that asked for its file waits
 * some seconds, gives up, and has loaded for nothing; where thousands do so, nobody gets anywhere. But an unanswered
 * DISCOVER is repeated after 4, 8, 16 and 32 s (PXE 2.1 section 2.2.1) and has cost nothing. Changed in place; until when
 * each is counted, in milliseconds of any one clock.
 */
export interface Arrivals {
  readonly known: Map<MacAddress, number>;
  readonly strangers: Map<MacAddress, number>;
}

export function newArrivals(): Arrivals {
  return { known: new Map(), strangers: new Map() };
}

/** True if a DISCOVER is to be answered now. Devices of the inventory are not held up by any number of others. */
export function mayArrive(arrivals: Arrivals, device: MacAddress, known: boolean, now: number): boolean {
  for (const each of [arrivals.known, arrivals.strangers])
    for (const [other, until] of each) if (until <= now) each.delete(other);
  const own = known ? arrivals.known : arrivals.strangers;
  const busy = known ? own.size : own.size + arrivals.known.size;
  if (!own.has(device) && busy >= MOST_ARRIVALS) return false;
  own.set(device, Math.max(own.get(device) ?? 0, now + OFFERED_MS));
  return true;
}

/** It asked for its boot file: it loads its loader now. */
export function arrives(arrivals: Arrivals, device: MacAddress, now: number): void {
  for (const each of [arrivals.known, arrivals.strangers]) if (each.has(device)) each.set(device, now + LOADING_MS);
}

/** It asked for its boot script. From here on it waits for its turn with patience of its own. */
export function hasArrived({ known, strangers }: Arrivals, device: MacAddress): void {
  known.delete(device);
  strangers.delete(device);
}
