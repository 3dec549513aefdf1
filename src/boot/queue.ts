import type { MacAddress } from "../wire/mac.ts";

/** A device with its turn that is not heard of for this long has gone: switched off, or it never loaded anything. */
const GONE_MS = 120_000;
/** A waiting device asks again every 1 to 30 s; after three times without asking it has gone. */
const SILENT_MS = 90_000;
/** Waiting devices that are in no inventory: anybody can make up such, so only so many are remembered. */
const STRANGERS = 1024;
/** Seconds a waiting device sleeps before it asks again. */
const SLEEP = { shortest: 1, longest: 30 } as const;
/** As long as it is not known how fast the queue moves: for each batch of devices before it. */
const UNKNOWN_SECONDS = 2;
/** So many loads that ended are looked at to tell how fast the queue moves. */
const LOOK_BACK = 32;

/** Its turn to load, or its place: 1 is next, `of` how many wait, `minutes` about how long (null: not known yet). */
export type Turn =
  | { readonly turn: true }
  | {
      readonly turn: false;
      readonly position: number;
      readonly of: number;
      /** Ask again after so many seconds. */
      readonly seconds: number;
      readonly minutes: number | null;
    };

interface Loading {
  readonly known: boolean;
  /** Files on their way to it right now; as long as there are any, it has not gone. */
  sending: number;
  heardAt: number;
}

/**
 * Which devices load the recovery image, and which wait for their turn: if all loaded at once, all would finish last.
 * Changed in place; times are milliseconds of any one clock. It is not in the ledger: after a restart the devices ask
 * again by themselves, and the order is made anew.
 */
export interface LoadQueue {
  /** Devices that load at the same time. */
  readonly loads: number;
  readonly loading: Map<MacAddress, Loading>;
  /** Device -> when it asked last, in the order in which they asked first. Devices of the inventory, and all others. */
  readonly waiting: { readonly known: Map<MacAddress, number>; readonly strangers: Map<MacAddress, number> };
  /** When the last loads ended, oldest first. */
  readonly ended: number[];
}

export function newLoadQueue(loads: number): LoadQueue {
  return { loads, loading: new Map(), waiting: { known: new Map(), strangers: new Map() }, ended: [] };
}

/**
 * A device asks whether it may load now. Asking again keeps its place, and its turn. `known`: its MAC address is in the
 * inventory. Strangers wait behind all known devices and never take a turn from one: whoever makes up a thousand of them
 * delays nobody but other strangers.
 */
export function askForTurn(queue: LoadQueue, device: MacAddress, known: boolean, now: number): Turn {
  forget(queue, now);
  const { loading, waiting, loads } = queue;
  const before = loading.get(device);
  if (before !== undefined) {
    before.heardAt = now;
    return { turn: true };
  }
  const place = takePlace(queue, device, known, now);
  const busy = known ? [...loading.values()].filter((each) => each.known).length : loading.size;
  if (busy + place < loads) {
    waiting.known.delete(device);
    waiting.strangers.delete(device);
    loading.set(device, { known, sending: 0, heardAt: now });
    return { turn: true };
  }
  const pace = millisecondsPerLoad(queue, now);
  const wait = pace === null ? null : (place + 1) * pace;
  // Half of the time that is left: early enough for its turn, and a thousand devices do not ask every second.
  const seconds = wait === null ? Math.ceil((place + 1) / loads) * UNKNOWN_SECONDS : Math.round(wait / 2000);
  return {
    turn: false,
    position: place + 1,
    of: waiting.known.size + waiting.strangers.size,
    seconds: Math.min(Math.max(seconds, SLEEP.shortest), SLEEP.longest),
    minutes: wait === null ? null : Math.max(1, Math.round(wait / 60_000)),
  };
}

/** A file goes out to a device. Nothing, if it has no turn. */
export function sendingBegins(queue: LoadQueue, device: MacAddress, now: number): void {
  const each = queue.loading.get(device);
  if (each === undefined) return;
  each.sending += 1;
  each.heardAt = now;
}

/** That file is out, or was given up. */
export function sendingEnds(queue: LoadQueue, device: MacAddress, now: number): void {
  const each = queue.loading.get(device);
  if (each === undefined) return;
  each.sending = Math.max(0, each.sending - 1);
  each.heardAt = now;
}

/** A device has all it needs, or said hello: its turn goes to the next one. */
export function endLoad(queue: LoadQueue, device: MacAddress, now: number): void {
  if (!queue.loading.delete(device)) return;
  queue.ended.push(now);
  if (queue.ended.length > LOOK_BACK) queue.ended.shift();
}

/** True while the queue holds this device: it asks from time to time, or loads. */
export function isQueued(queue: LoadQueue, device: MacAddress, now: number): boolean {
  forget(queue, now);
  const { loading, waiting } = queue;
  return loading.has(device) || waiting.known.has(device) || waiting.strangers.has(device);
}

/** How many devices are before this one, which is written down as waiting. */
function takePlace({ waiting }: LoadQueue, device: MacAddress, known: boolean, now: number): number {
  const own = known ? waiting.known : waiting.strangers;
  const ahead = known ? 0 : waiting.known.size;
  if (known || own.has(device) || own.size < STRANGERS) own.set(device, now);
  else return ahead + own.size;
  let place = 0;
  for (const each of own.keys()) {
    if (each === device) break;
    place += 1;
  }
  return ahead + place;
}

function forget({ loading, waiting, ended }: LoadQueue, now: number): void {
  for (const [device, { sending, heardAt }] of loading)
    if (sending === 0 && now - heardAt >= GONE_MS) loading.delete(device);
  for (const each of [waiting.known, waiting.strangers])
    for (const [device, askedAt] of each) if (now - askedAt >= SILENT_MS) each.delete(device);
  // What an earlier wave took says nothing about this one.
  if (loading.size + waiting.known.size + waiting.strangers.size === 0) ended.length = 0;
}

/** Between the ends of two loads; null as long as too few have ended to say. */
function millisecondsPerLoad({ ended }: LoadQueue, now: number): number | null {
  return ended.length < 4 ? null : (now - ended[0]!) / ended.length;
}
