import { negotiate } from "../../src/tftp/negotiate.ts";
import { decodeTftp } from "../../src/tftp/packet.ts";
import { readRequest } from "../../src/tftp/request.ts";
import { begin, type Ending, type Output, step, type Transfer, writeBlock } from "../../src/tftp/transfer.ts";

/** What happens to the n-th datagram of one direction: by how many milliseconds each copy that arrives is late. */
export type Fate = (n: number) => readonly number[];

export const LOST: readonly number[] = [];
export const ONCE: readonly number[] = [0];
export const TWICE: readonly number[] = [0, 0];

/** A program that fetches a file: hears packets, sends them, and wants to be woken. */
export interface Device {
  readonly deadline: number;
  received(): Uint8Array;
  begin(now: number, send: Send): void;
  hear(bytes: Uint8Array, port: number, now: number, send: Send): void;
  expire(now: number, send: Send): void;
}
/** `port` null: the port that requests go to. */
export type Send = (bytes: Uint8Array, port: number | null) => void;

export interface SimulatedTransfer {
  readonly fileBytes: number;
  readonly device: Device;
  readonly toDevice?: Fate;
  readonly toStation?: Fate;
  /** Milliseconds either way. */
  readonly delay?: number;
}

export interface SimulatedOutcome {
  readonly file: Uint8Array;
  readonly received: Uint8Array;
  /** How each of the station's transfers ended, in the order they began; null: it never did. */
  readonly endings: readonly (Ending | null)[];
  /** DATA datagrams the station sent, and all that it sent. */
  readonly dataSent: number;
  readonly stationSent: number;
  readonly deviceSent: number;
  readonly milliseconds: number;
}

interface Running {
  readonly transfer: Transfer;
  ending: Ending | null;
}

const LONGEST_MS = 36_000_000;
// Three times what the longest transfer of these tests takes.
const MOST_EVENTS = 1_000_000;

/**
 * One download over a network that loses, repeats and delays datagrams, in simulated time. The station is ours: each
 * transfer has a port, counted from 0, and a request that repeats a running transfer's is an echo (server/tftp.ts).
 */
export function simulate(options: SimulatedTransfer): SimulatedOutcome {
  const { fileBytes, device, toDevice = () => ONCE, toStation = () => ONCE, delay = 1 } = options;
  const file = Uint8Array.from({ length: fileBytes }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
  const queue: { readonly at: number; readonly act: () => void }[] = [];
  const running: Running[] = [];
  let [now, stationSent, deviceSent, dataSent] = [0, 0, 0, 0];
  const travel = (copies: readonly number[], act: () => void) => {
    for (const late of copies) {
      const at = now + delay + late;
      const place = queue.findIndex((other) => other.at > at);
      queue.splice(place === -1 ? queue.length : place, 0, { at, act });
    }
  };
  const fromDevice: Send = (bytes, port) => {
    travel(toStation(deviceSent++), () => {
      const to = port === null ? undefined : running[port];
      if (port === null) request(bytes);
      else if (to !== undefined) perform(to, port, step(to.transfer, decodeTftp(bytes), now));
    });
  };
  const fromStation = (bytes: Uint8Array, port: number) => {
    travel(toDevice(stationSent++), () => device.hear(bytes, port, now, fromDevice));
  };
  const request = (bytes: Uint8Array) => {
    if (running.some(({ ending }) => ending === null)) return;
    const asked = readRequest(bytes);
    if ("refused" in asked) throw new Error(asked.refused);
    const { transfer, outputs } = begin(file, negotiate(asked.options, fileBytes), now);
    running.push({ transfer, ending: null });
    perform(running.at(-1)!, running.length - 1, outputs);
  };
  const perform = (one: Running, port: number, outputs: readonly Output[]) => {
    for (const output of outputs) {
      if (one.ending !== null) throw new Error(`${output.kind} after the end`);
      if (output.kind === "ended") one.ending = output.ending;
      else if (output.kind === "datagram") fromStation(output.bytes, port);
      else
        for (let block = output.first; block <= output.last; block++) {
          const into = new Uint8Array(one.transfer.negotiated.blockSize + 4);
          dataSent++;
          fromStation(into.subarray(0, writeBlock(one.transfer, block, into)), port);
        }
    }
  };

  device.begin(now, fromDevice);
  for (let events = 0; ; events++) {
    const next = queue[0]?.at ?? Number.POSITIVE_INFINITY;
    const wakes = Math.min(...running.map(({ transfer }) => transfer.deadline));
    const at = Math.min(next, wakes, device.deadline);
    if (at === Number.POSITIVE_INFINITY) break;
    if (at > LONGEST_MS || events > MOST_EVENTS) throw new Error("it never ends");
    now = at;
    if (at === next) queue.shift()!.act();
    else if (at === device.deadline) device.expire(now, fromDevice);
    else for (const [port, one] of running.entries()) perform(one, port, step(one.transfer, "timer", now));
  }
  const endings = running.map(({ ending }) => ending);
  return { file, received: device.received(), endings, dataSent, stationSent, deviceSent, milliseconds: now };
}
