import { Worker } from "node:worker_threads";

const LONGEST_INPUT = 128 * 1024;
const HANGS_AFTER_MS = 30_000;

/** Looks on from another thread: an input that never comes back cannot be reported by the thread that tries it. */
const WATCHER = `
const { workerData } = require("node:worker_threads");
const { writeSync } = require("node:fs");
const head = new Int32Array(workerData, 0, 2);
let last = -1;
setInterval(() => {
  if (head[0] === last) {
    writeSync(2, "fuzz: no end after ${HANGS_AFTER_MS} ms. The input:\\n");
    writeSync(2, Buffer.from(workerData, 8, head[1]).toString("hex") + "\\n");
    process.kill(process.pid, "SIGKILL");
  }
  last = head[0];
}, ${HANGS_AFTER_MS}).unref();
setInterval(() => {}, 1000);
`;

export interface Watch {
  onInput(target: string, input: Uint8Array): void;
  /** What comes now may take as long as it likes. */
  end(): Promise<number>;
}

/** Ends this process, with the input on standard error, when an input takes for ever. */
export function watchForHangs(): Watch {
  const shared = new SharedArrayBuffer(8 + LONGEST_INPUT);
  const head = new Int32Array(shared, 0, 2);
  const bytes = new Uint8Array(shared, 8);
  const watcher = new Worker(WATCHER, { eval: true, workerData: shared });
  watcher.unref();
  return {
    onInput(_target, input) {
      const kept = input.subarray(0, LONGEST_INPUT);
      bytes.set(kept);
      head[1] = kept.length;
      Atomics.add(head, 0, 1);
    },
    end: () => watcher.terminate(),
  };
}
