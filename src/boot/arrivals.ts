import type { MacAddress } from "../wire/mac.ts";

/** Devices that load their loader at the same time: enough to fill 1 GbE even at 512 bytes a round trip. */
export const MOST_ARRIVALS = 256;
/** Made-up devices remembered; the inventory's are as many as the inventory has. */
const MOST_STRANGERS = 4096;
/** From the question for the boot file to the boot script, on a slow line. */
const LOADING_MS = 60_000;

/**
 * Devices between their question for the boot file and their boot script. Loaders cannot be queued as the image is: firmware
 * that asked for its file waits some seconds, gives up, and has loaded for nothing. But an unanswered DISCOVER is repeated
 * after 4, 8, 16 and 32 s (PXE 2.1 section 2.2.1) and has cost nothing: while so many load, the next ones are not offered.
 * Whoever asked in the same instant is offered, and all of them load side by side. Changed in place; until when each is
 * counted, in milliseconds of any one clock.
 */
export interface Arrivals {
  readonly known: Map<MacAddress, number>;
  readonly strangers: Map<MacAddress, number>;
}

export function newArrivals(): Arrivals {
  return { known: new Map(), strangers: new Map() };
}

/** True if a DISCOVER is to be answered now. Devices of the inventory are not held up by any number of others. */
export function mayArrive({ known, strangers }: Arrivals, device: MacAddress, isKnown: boolean, now: number): boolean {
  for (const each of [known, strangers])
    for (const [other, until] of each) {
      if (until > now) break;
      each.delete(other);
    }
  if ((isKnown ? known : strangers).has(device)) return true;
  return (isKnown ? known.size : known.size + strangers.size) < MOST_ARRIVALS;
}

/** It asked for its boot file: it loads its loader now. */
export function arrives({ known, strangers }: Arrivals, device: MacAddress, isKnown: boolean, now: number): void {
  const own = isKnown ? known : strangers;
  // The last to ask is the last in the map, and the last to be forgotten.
  own.delete(device);
  if (isKnown || own.size < MOST_STRANGERS) own.set(device, now + LOADING_MS);
}

/** It asked for its boot script. From here on it waits for its turn with patience of its own. */
export function hasArrived({ known, strangers }: Arrivals, device: MacAddress): void {
  known.delete(device);
  strangers.delete(device);
}
