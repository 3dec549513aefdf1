import { type DeviceLimits, Devices } from "./devices.ts";
import { type Finding, findingsOf } from "./explain.ts";
import type { Reason } from "./findings/table.ts";
import type { Seen } from "./seen.ts";

export interface LiveFinding {
  readonly device: string;
  readonly finding: Finding;
}

/** An event of a few hundred bytes: the whole is bounded at some 20 MB, whoever asks under however many names. */
const LIMITS: DeviceLimits = { devices: 1024, attempts: 4, seen: 48, loadsAlone: false };

/** When after a device's last sign of life it is looked at: what was answered badly, what was not, what never came. */
const LOOKS_MS = [6_000, 15_000, 100_000] as const;

/** Devices looked at in one go: a burst must not hold the station up. */
const AT_ONCE = 64;

/** The failures that show while they happen, each told once for a boot attempt. Time is an argument, as everywhere. */
export class LiveExplainer {
  readonly #devices = new Devices(LIMITS);
  /** When to look at which device next, and how many looks it has had since its last sign of life. */
  readonly #due = new Map<string, { readonly at: number; readonly looks: number }>();
  /** By attempt, so that they are forgotten together. */
  readonly #told = new WeakMap<object, Set<Reason>>();

  /** Devices kept in mind. */
  get size(): number {
    return this.#devices.all.size;
  }

  see(seen: Seen): void {
    const where = this.#devices.see(seen);
    if (where === null) return;
    const name = where.device.name;
    // The look after the last sign of life comes first; a device that goes on and on is looked at all the same.
    const before = this.#due.get(name);
    if (before === undefined || before.looks > 0) this.#due.set(name, { at: seen.endedAt + LOOKS_MS[0], looks: 0 });
    if (this.#due.size <= 2 * LIMITS.devices) return;
    for (const each of this.#due.keys()) if (!this.#devices.all.has(each)) this.#due.delete(each);
  }

  /** What was found since the last look. */
  look(now: number): LiveFinding[] {
    const found: LiveFinding[] = [];
    let left = AT_ONCE;
    for (const [name, { at, looks }] of this.#due) {
      if (at > now) continue;
      if (left-- === 0) break;
      this.#due.delete(name);
      const device = this.#devices.all.get(name);
      if (device === undefined) continue;
      const index = device.attempts.length - 1;
      const attempt = device.attempts[index]!;
      const told = this.#told.get(attempt) ?? new Set();
      this.#told.set(attempt, told);
      for (const finding of findingsOf(device, index, now, "station")) {
        if (told.has(finding.reason)) continue;
        told.add(finding.reason);
        found.push({ device: device.name, finding });
      }
      const next = LOOKS_MS[looks + 1];
      if (next !== undefined) this.#due.set(name, { at: attempt.lastAt + next, looks: looks + 1 });
    }
    return found;
  }
}
