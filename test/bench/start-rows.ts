import { join } from "node:path";
import { number, type ProgramLoad, type ProgramRow, seconds } from "./program-row.ts";
import { OURS } from "./rows.ts";

/** Where the executable is packaged for these rows. */
export const RELEASE = join(import.meta.dirname, "../../build/bench/release");

const group = "start";
const often = { group, unit: "s", better: "less", rounds: 9, targets: [{ against: "node -e 0", atMost: 3 }] } as const;
const once = { group, unit: "s", better: "less", rounds: 1 } as const;

const ours = (script: string, ...argv: string[]): ProgramLoad => {
  return { server: OURS, script, argv: (folder) => [...argv, folder], take: seconds };
};
const node: ProgramLoad = { ...ours("start-load.ts", "node"), server: "node -e 0" };

/** What an operator waits for before a verb does anything, and the one verb that must not wait for the ledger's size. */
export const START_ROWS: readonly ProgramRow[] = [
  {
    ...{ ...often, id: "start-version", title: "the packaged executable: `--version`" },
    loads: [ours("start-load.ts", "--version"), node],
  },
  {
    ...{ ...often, id: "start-status", title: "the packaged executable: `status` of an empty state folder" },
    loads: [ours("start-load.ts", "status"), node],
  },
  {
    ...{ ...once, id: "start-help", title: "the packaged executable: the slowest verb's `--help`" },
    targets: [{ atMost: 0.15 }, { against: "node -e 0", atMost: 3 }],
    loads: [
      { ...ours("start-load.ts", "--help"), take: (said) => ({ ...seconds(said), which: String(said.verb) }) },
      node,
    ],
  },
  {
    ...{ ...once, id: "halt-1m", title: "`halt` on a ledger of 1,000,000 events", targets: [{ atMost: 1 }] },
    loads: [{ ...ours("halt-load.ts", "1000000"), take: (said) => ({ value: number(said, "haltSeconds") }) }],
  },
];
