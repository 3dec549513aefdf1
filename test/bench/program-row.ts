import type { Row, Sample } from "./rows.ts";

/** What a program printed. */
export type Said = Readonly<Record<string, unknown>>;

/** One program that is measured: what it prints is one line of JSON. */
export interface ProgramLoad {
  /** Whose figure it is: ours, or a peer's. */
  readonly server: string;
  /** Below test/bench, with its arguments. `folder`: an empty one, kept for all rounds of its row. */
  readonly script: string;
  readonly argv: (folder: string) => readonly string[];
  /** The row's figure, out of what was printed. */
  readonly take: (said: Said) => Sample;
}

export interface ProgramRow extends Row {
  readonly loads: readonly ProgramLoad[];
}

/** A number that was printed; NaN, which fits no target, where there is none of that name. */
export const number = (said: Said, name: string) => Number(said[name] ?? Number.NaN);
export const seconds = (said: Said): Sample => ({ value: number(said, "seconds") });
