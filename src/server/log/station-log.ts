import { Writable } from "node:stream";
import winston from "winston";
import { timelineLine } from "../../dashboard/timeline.ts";
import type { Entry } from "../../ledger/entry.ts";
import { type Notice, noticeText } from "../../station/notice.ts";
import type { NoticeLevel } from "../../station/notice-table.ts";
import { withoutPasswords } from "../../wire/without-passwords.ts";
import { RotatingFile } from "./rotating-file.ts";

/** Forty megabytes: some weeks of a station, or a day of one that is flooded. */
const LIMITS = { each: 8 * 1024 * 1024, files: 5 };

/** What is logged: a reason word, whose it is, and the words for a person. */
interface LogLine {
  readonly level: NoticeLevel;
  readonly reason: string;
  readonly device?: string | null;
  readonly text: string;
  readonly [field: string]: unknown;
}

interface LogOptions {
  readonly folder: string;
  /** Readable text as well, in `station.log`. */
  readonly text: boolean;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
  readonly limits?: typeof LIMITS;
  /** The log cannot be written, and before it could. `code` as of errno(3). */
  readonly onTrouble?: (code: string) => void;
  /** It can be written again; so many lines were lost. */
  readonly onBack?: (lost: number) => void;
}

/**
 * The station's log for the day after: JSON lines in the state folder. winston's own file transport loses lines without a
 * word when the disk is full and follows links (ADR 0040), so the bytes go through RotatingFile. A log that cannot be
 * written stops nothing: lines are dropped and counted.
 */
export class StationLog {
  readonly #logger: winston.Logger;
  readonly #now: () => number;
  readonly #options: LogOptions;
  #lost = 0;
  #lostNow = 0;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#now = options.now;
    const { printf } = winston.format;
    const json = this.#transport("jsonl", printf(jsonOf));
    const text = options.text ? [this.#transport("log", printf(textOf))] : [];
    this.#logger = winston.createLogger({
      ...{ levels: { error: 0, warning: 1, info: 2 }, level: "info", exitOnError: false },
      transports: [json, ...text],
    });
  }

  /** Lines that were not written since the start. */
  get lost(): number {
    return this.#lost;
  }

  line({ level, text, ...fields }: LogLine): void {
    this.#logger.log({ level, message: text, time: new Date(this.#now()).toISOString(), ...fields });
  }

  notice(notice: Notice): void {
    const { level, reason, device, part } = notice;
    this.line({ level, reason, device, part, text: noticeText(notice) });
  }

  entry(entry: Entry): void {
    const { device, mark, text } = timelineLine(entry);
    const { seq, body } = entry;
    this.line({ level: mark === "bad" ? "warning" : "info", reason: body.type, device, text, seq });
  }

  crash(error: unknown, origin: string): void {
    const text = (error as Error)?.stack ?? String(error);
    this.line({ level: "error", reason: "crash", text, origin });
  }

  close(): void {
    this.#logger.close();
  }

  #transport(end: string, format: winston.Logform.Format): winston.transport {
    const file = new RotatingFile(this.#options.folder, "station", end, this.#options.limits ?? LIMITS);
    const stream = new Writable({
      decodeStrings: false,
      write: (line: string, _encoding, done) => {
        this.#append(file, line);
        done();
      },
      destroy: (_error, done) => {
        file.close();
        done(null);
      },
    });
    return new winston.transports.Stream({ stream, format, eol: "\n" });
  }

  #append(file: RotatingFile, line: string): void {
    const { onTrouble, onBack } = this.#options;
    try {
      file.append(withoutPasswords(line));
    } catch (error) {
      this.#lost += 1;
      this.#lostNow += 1;
      if (this.#lostNow === 1) onTrouble?.((error as NodeJS.ErrnoException).code ?? "");
      return;
    }
    const lost = this.#lostNow;
    this.#lostNow = 0;
    if (lost > 0) onBack?.(lost);
  }
}

function jsonOf({ time, level, reason, device, message, ...rest }: winston.Logform.TransformableInfo): string {
  return JSON.stringify({ time, level, device: device ?? null, reason, text: message, ...rest });
}

function textOf({ time, level, reason, device, message }: winston.Logform.TransformableInfo): string {
  const text = String(message).replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
  return `${time}  ${level.padEnd(7)}  ${String(device ?? "station").padEnd(17)}  ${reason}: ${text}`;
}
