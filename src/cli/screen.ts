import { closeSync, fstatSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { PLATFORM } from "../server/platform/this-platform.ts";

/** Lines that wait for a reader, in bytes. A station tells some hundred lines a minute, of a hundred bytes or so. */
const MOST_WAITING = 1 << 20;
const RETRY_MS = 100;

/** To the beginning of the terminal's line, and the line away. */
const REDRAW = "\r\x1b[K";

/** Writes bytes and gives how many it took; throws an error with a `code`: EAGAIN if it takes none now. */
type WriteBytes = (bytes: Uint8Array) => number;

interface ScreenEvents {
  /** A line could not be written, and before it all could. `code` as of errno(3), EAGAIN for a reader that does not read. */
  readonly onTrouble: (code: string) => void;
  /** Lines can be written again; so many were lost. */
  readonly onBack: (lost: number) => void;
}

/**
 * Where a serving station tells what happens, line by line. It never waits: not for a reader that has stopped reading, not
 * for a terminal that is gone or held by Ctrl-S, not for a full disk. What cannot be written is dropped and counted.
 */
export class Screen {
  readonly #write: WriteBytes;
  readonly #events: ScreenEvents;
  readonly #waiting: Uint8Array[] = [];
  #bytes = 0;
  #held = false;
  /** The first waiting line has begun to be written, or one that was dropped had. */
  #begun = false;
  #torn = false;
  #broken = false;
  #lost = 0;
  #lostNow = 0;
  #retry: NodeJS.Timeout | null = null;
  /** The line at the bottom that is written over; empty while there is none. */
  #status = "";

  constructor(write: WriteBytes, events: ScreenEvents) {
    this.#write = write;
    this.#events = events;
  }

  /** Lines that were not written since the start. */
  get lost(): number {
    return this.#lost;
  }

  line(text: string): void {
    const whole = this.#status === "" ? `${text}\n` : `${REDRAW}${text}\n${this.#status}`;
    const bytes = new TextEncoder().encode(`${this.#torn ? "\n" : ""}${whole}`);
    if (this.#bytes + bytes.length > MOST_WAITING) {
      this.#drop(1);
      this.#trouble("EAGAIN");
      return;
    }
    this.#torn = false;
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    this.#flush();
  }

  /**
   * Shows this line below all others, on a terminal alone; an empty one takes it away. It never waits and is never
   * counted as lost: the next one tells it better.
   */
  status(text: string): void {
    if (this.#held || text === this.#status || this.#waiting.length > 0) return;
    this.#status = text;
    try {
      this.#write(new TextEncoder().encode(`${REDRAW}${text}`));
    } catch {}
  }

  /** While something else is on the screen, lines wait. */
  hold(): void {
    this.status("");
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#flush();
  }

  /** Resolves when nothing waits, or after so many milliseconds. */
  async drained(milliseconds: number): Promise<void> {
    for (let left = milliseconds; left > 0 && this.#waiting.length > 0; left -= RETRY_MS) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      this.#flush();
    }
  }

  #flush(): void {
    if (this.#held) return;
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      let written: number;
      try {
        written = this.#write(first);
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? "";
        if (code === "EAGAIN") this.#later();
        else this.#giveUp(code);
        return;
      }
      this.#bytes -= written;
      this.#begun = written < first.length;
      if (this.#begun) this.#waiting[0] = first.subarray(written);
      else this.#waiting.shift();
    }
    if (!this.#broken) return;
    this.#broken = false;
    const lost = this.#lostNow;
    this.#lostNow = 0;
    this.#events.onBack(lost);
  }

  /** Half a line may be out: the next one begins on a line of its own. */
  #giveUp(code: string): void {
    this.#torn ||= this.#begun;
    this.#begun = false;
    this.#drop(this.#waiting.splice(0).length);
    this.#bytes = 0;
    this.#trouble(code);
  }

  #drop(lines: number): void {
    this.#lost += lines;
    this.#lostNow += lines;
  }

  #trouble(code: string): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#events.onTrouble(code);
  }

  #later(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = null;
      this.#flush();
    }, RETRY_MS).unref();
  }
}

/** Writes to standard output without ever waiting. A pipe or terminal is opened once more for that, where the system can. */
export function standardOutput(): WriteBytes {
  const status = fstatSync(1);
  if (status.isFile() || (status.isCharacterDevice() && !isatty(1))) return (bytes) => writeSync(1, bytes);
  const own = status.isFIFO() || isatty(1) ? PLATFORM.openOwnOutput() : null;
  if (own === null) return throughStream();
  process.once("exit", () => closeSync(own));
  return (bytes) => writeSync(own, bytes);
}

/** A socket cannot be opened again, nor can anything on other systems: there Node's stream is asked how much it holds. */
function throughStream(): WriteBytes {
  const { stdout } = process;
  let failed: Error | null = null;
  stdout.on("error", (error) => {
    failed = error;
  });
  return (bytes) => {
    const error = failed;
    failed = null;
    if (error !== null) throw error;
    if (stdout.writableLength > MOST_WAITING) throw Object.assign(new Error("the reader waits"), { code: "EAGAIN" });
    stdout.write(bytes);
    return bytes.length;
  };
}
