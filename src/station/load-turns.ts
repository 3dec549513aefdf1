import { hasArrived, newArrivals } from "../boot/arrivals.ts";
import {
  askForTurn,
  endLoad,
  isQueued,
  type LoadQueue,
  newLoadQueue,
  sendingBegins,
  sendingEnds,
  type Turn,
} from "../boot/queue.ts";
import { BootFile } from "../boot/source.ts";
import type { QueueNow } from "../dashboard/board.ts";
import type { MacAddress } from "../wire/mac.ts";

/** Megabits a second of the line that devices load over, where nothing else is said: 1 GbE. */
const LINE_MBPS = 1000;
/** What one device's firmware takes of it, at the least that is seen: 32 Mbit/s, 4 MB/s. */
const DEVICE_MBPS = 32;
/** Answers to HEAD that are kept until the GET that follows, which is at once: made-up devices must not keep others out. */
const TOLD_LIMIT = 4096;

/** So many devices at the same time fill the line even where their firmware is slow, and each more makes all wait longer. */
export function defaultLoads(bandwidthMbps: number | null): number {
  return Math.max(2, Math.ceil((bandwidthMbps ?? LINE_MBPS) / DEVICE_MBPS));
}

/** The load queue as the boot files use it: who asks for a boot script, and what goes out to whom. */
export class LoadTurns {
  readonly #queue: LoadQueue;
  readonly #now: () => number;
  readonly #onWaiting: (loads: number) => void;
  /** Devices that load their loader. */
  readonly arrivals = newArrivals();
  readonly #told = new Map<MacAddress, Uint8Array>();
  readonly #counts = { turns: 0, told: 0, most: 0 };

  /** `onWaiting`: told when a device has to wait and none did before. */
  constructor(options: {
    readonly loads: number;
    readonly now: () => number;
    readonly onWaiting: (loads: number) => void;
  }) {
    this.#queue = newLoadQueue(options.loads);
    this.#now = options.now;
    this.#onWaiting = options.onWaiting;
  }

  /**
   * The script for a device that asks for one. What HEAD was told, the next GET gets: GRUB under HTTP Boot asks for the
   * size first, and reads as many bytes.
   */
  script(device: MacAddress, known: boolean, method: "GET" | "HEAD", write: (turn: Turn) => string): Uint8Array {
    hasArrived(this.arrivals, device);
    const told = this.#told.get(device);
    if (told !== undefined && method === "GET") {
      this.#told.delete(device);
      return told;
    }
    const { waiting, loads } = this.#queue;
    const none = waiting.known.size + waiting.strangers.size === 0;
    const turn = askForTurn(this.#queue, device, known, this.#now());
    this.#counts[turn.turn ? "turns" : "told"] += 1;
    this.#counts.most = Math.max(this.#counts.most, this.#queue.loading.size);
    if (!turn.turn && none) this.#onWaiting(loads);
    const bytes = new TextEncoder().encode(write(turn));
    if (method === "HEAD") {
      const [oldest] = this.#told.keys();
      if (this.#told.size >= TOLD_LIMIT) this.#told.delete(oldest!);
      this.#told.set(device, bytes);
    }
    return bytes;
  }

  /** A boot file goes out to a device; call what comes back when that is over, `whole` if all of it went out. */
  sending(device: MacAddress, name: string): (whole: boolean) => void {
    if (name !== BootFile.kernel && name !== BootFile.initrd) return () => {};
    sendingBegins(this.#queue, device, this.#now());
    return (whole) => {
      sendingEnds(this.#queue, device, this.#now());
      // The last big one. What is still to come, the session's archive, is small.
      if (whole && name === BootFile.initrd) endLoad(this.#queue, device, this.#now());
    };
  }

  /** True for a device that loads or waits, and shows it by asking. */
  holds(device: MacAddress): boolean {
    return isQueued(this.#queue, device, this.#now());
  }

  /** Who has a turn now, and who waits for one. */
  queue(): QueueNow {
    const { loading, waiting } = this.#queue;
    return {
      loading: new Set(loading.keys()),
      waiting: new Set([...waiting.known.keys(), ...waiting.strangers.keys()]),
    };
  }

  /** `most`: devices that had their turn at the same time; `told`: answers that told a device to wait. */
  counters(): Record<"loading" | "waiting" | "turns" | "told" | "most", number> {
    const { loading, waiting } = this.#queue;
    return { loading: loading.size, waiting: waiting.known.size + waiting.strangers.size, ...this.#counts };
  }
}
