import { stripVTControlCharacters, styleText } from "node:util";
import type { Moment } from "./result.ts";

interface StoryOutput {
  readonly write: (text: string) => void;
  /** True on a terminal: colour, and a waiting line that is written over. */
  readonly terminal: boolean;
  readonly now: () => number;
}

/** Plain lines say that it still goes on after so much silence; a terminal shows it every second. */
const SILENCE_MS = 15_000;

/** The drill's story as it happens: a line per stage, with the time since the start and the device; kept for the report. */
export class Story {
  readonly startedAt: number;
  readonly #moments: (Moment & { readonly device: string | null })[] = [];
  readonly #output: StoryOutput;
  readonly #heartbeat: NodeJS.Timeout;
  #lastLineAt: number;
  #awaited = new Map<string, string>();
  #waitingLine = false;

  constructor(output: StoryOutput) {
    this.#output = output;
    this.startedAt = output.now();
    this.#lastLineAt = this.startedAt;
    this.#heartbeat = setInterval(() => this.#beat(), 1000);
    this.#heartbeat.unref();
  }

  /** Milliseconds since the story began. */
  get elapsed(): number {
    return this.#output.now() - this.startedAt;
  }

  /** A line without a time: a heading, a path, the verdict. */
  heading(text: string, mark: Moment["mark"] = "plain"): void {
    this.#line(this.#paint(text, mark, true));
  }

  /** Something happened. `device` is null for what concerns all. `at` if it happened earlier than now. */
  tell(device: string | null, text: string, mark: Moment["mark"] = "plain", at = this.elapsed): void {
    const clean = stripVTControlCharacters(text).replace(/[\x00-\x1f\x7f]/g, "");
    this.#moments.push({ device, at, mark, text: clean });
    const time = `${(at / 1000).toFixed(1)} s`.padStart(9);
    this.#line(`${time}  ${(device ?? "").padEnd(8)}  ${this.#paint(clean, mark)}`);
  }

  /** What is being waited for, so that a long silence can say it; null when it came. */
  awaiting(who: string, what: string | null): void {
    if (what === null) this.#awaited.delete(who);
    else this.#awaited.set(who, what);
  }

  /** What was told of a device (null: of no device), in order. */
  momentsOf(device: string | null): Moment[] {
    const own = this.#moments.filter((moment) => moment.device === device);
    return own.map(({ at, mark, text }) => ({ at, mark, text })).sort((a, b) => a.at - b.at);
  }

  end(): void {
    clearInterval(this.#heartbeat);
    this.#clearWaitingLine();
  }

  #beat(): void {
    const silent = this.#output.now() - this.#lastLineAt;
    if (this.#awaited.size === 0) return;
    const what = [...this.#awaited.values()].join("; ");
    const line = `${`${(this.elapsed / 1000).toFixed(0)} s`.padStart(9)}  … ${what}`;
    if (this.#output.terminal && silent > 1500) {
      this.#output.write(`\r\x1b[K${styleText("dim", line, { validateStream: false })}`);
      this.#waitingLine = true;
    } else if (!this.#output.terminal && silent >= SILENCE_MS) this.#line(line);
  }

  #line(text: string): void {
    this.#clearWaitingLine();
    this.#output.write(`${text}\n`);
    this.#lastLineAt = this.#output.now();
  }

  #clearWaitingLine(): void {
    if (this.#waitingLine) this.#output.write("\r\x1b[K");
    this.#waitingLine = false;
  }

  #paint(text: string, mark: Moment["mark"], bold = false): string {
    if (!this.#output.terminal) return text;
    const colour = { good: "green", bad: "red", wait: "yellow", plain: "reset" } as const;
    const styles = bold ? (["bold", colour[mark]] as const) : ([colour[mark]] as const);
    return styleText([...styles], text, { validateStream: false });
  }
}
