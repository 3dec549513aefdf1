import { number, type ProgramLoad, type ProgramRow, type Said, seconds } from "./program-row.ts";
import { OURS } from "./rows.ts";

const MILLION = 1_000_000;
const group = "escrow";
const once = { group, rounds: 1, better: "less" } as const;
const thrice = { group, rounds: 3, better: "less" } as const;

const importing = (rows: number, take: ProgramLoad["take"]): ProgramLoad => {
  return { server: OURS, script: "import-load.ts", argv: () => [String(rows)], take };
};
const importSeconds = (said: Said): number => number(said, "rows") / number(said, "rowsPerSecond");
const importMB = (said: Said): number => (number(said, "maxRssMiB") * 1_048_576) / 1e6;

export const ESCROW_ROWS: readonly ProgramRow[] = [
  {
    ...{
      ...once,
      id: "import-100k",
      title: "100,000 rows imported into a sealed vault",
      unit: "s",
      targets: [{ atMost: 60 }],
    },
    loads: [importing(100_000, (said) => ({ value: importSeconds(said), memoryMB: importMB(said) }))],
  },
  {
    ...{ ...once, id: "import-1m", title: "the memory that 1,000,000 rows take to import", unit: "MB" },
    targets: [{ against: "100,000 rows", atMost: 1.25 }],
    loads: [
      importing(MILLION, (said) => ({ value: importMB(said), seconds: importSeconds(said) })),
      { ...importing(100_000, (said) => ({ value: importMB(said) })), server: "100,000 rows" },
    ],
  },
  {
    ...{ ...thrice, id: "import-age", title: "1,000 rows imported, beside the age program run once a row", unit: "s" },
    targets: [{ against: "age", atMost: 0.5 }],
    loads: [
      importing(1_000, (said) => ({ value: importSeconds(said) })),
      { server: "age", script: "age-load.ts", argv: (folder) => ["1000", folder], take: seconds },
    ],
  },
  {
    ...{
      ...once,
      id: "lookup",
      title: "a lookup among 1,000,000 deposits, by whatever is known: 99 % are faster than",
      unit: "ms",
    },
    targets: [{ atMost: 5 }],
    loads: [
      {
        ...{ server: OURS, script: "lookup-load.ts", argv: (folder) => [`${folder}/vault.sqlite`, String(MILLION)] },
        take: (said) => ({ value: slowest(said) }),
      },
    ],
  },
  {
    ...{
      ...thrice,
      id: "release",
      title: "audited releases, each durably in the ledger before it answers",
      unit: "a second",
    },
    ...{ better: "more", targets: [{ atLeast: 200 }] },
    loads: [
      {
        ...{ server: OURS, script: "release-load.ts", argv: () => ["2000"] },
        take: (said) => ({ value: number(said, "releasesPerSecond"), p99Ms: number(said, "p99Ms") }),
      },
    ],
  },
  {
    ...{
      ...thrice,
      id: "unseal",
      title: "unsealing with a passphrase (scrypt, N = 2^18)",
      unit: "s",
      targets: [{ atMost: 3 }],
    },
    loads: [
      {
        ...{ server: OURS, script: "unseal-load.ts", argv: (folder) => [folder] },
        take: (said) => ({ ...seconds(said), memoryMB: number(said, "memoryMB") }),
      },
    ],
  },
  {
    ...{
      ...once,
      id: "ledger-1m",
      title: "a ledger of 1,000,000 events verified",
      unit: "s",
      targets: [{ atMost: 30 }],
    },
    loads: [
      {
        ...{ server: OURS, script: "ledger-load.ts", argv: (folder) => [String(MILLION), folder] },
        take: (said) => ({ value: number(said, "verifySeconds"), memoryMB: number(said, "verifyMB") }),
      },
    ],
  },
  {
    ...{
      ...thrice,
      id: "ledger-export",
      title: "100,000 exported entries verified, from the program's start to its end",
      unit: "s",
    },
    targets: [{ against: "Python script", atMost: 1 }],
    loads: [
      { server: OURS, script: "export-load.ts", argv: (folder) => [OURS, "100000", folder], take: seconds },
      {
        server: "Python script",
        script: "export-load.ts",
        argv: (folder) => ["python", "100000", folder],
        take: seconds,
      },
    ],
  },
];

/** The highest `p99` of all kinds of lookup, each of which is an object with its percentiles in milliseconds. */
function slowest(said: Said): number {
  const all = Object.values(said).flatMap((each) =>
    typeof each === "object" && each !== null && "p99" in each ? [Number(each.p99)] : [],
  );
  return all.length === 0 ? Number.NaN : Math.max(...all);
}
