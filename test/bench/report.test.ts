import { expect, it } from "vitest";
import { ESCROW_ROWS } from "./escrow-rows.ts";
import { figure, picture } from "./picture.ts";
import { placed, programSection, section } from "./report.ts";
import { OURS, type Row, type RowResult, type Sample, verdicts } from "./rows.ts";
import { START_ROWS } from "./start-rows.ts";

const row: Row = { id: "r", title: "some <work>", unit: "MB/s", better: "more", rounds: 3, targets: [] };
const samples = (...values: number[]): Sample[] => values.map((value) => ({ value }));
const result = (more: Partial<Row>, servers: RowResult["servers"]): RowResult => ({
  row: { ...row, ...more },
  servers,
});

it("a target is judged by the median of the rounds' ratios, not by the ratio of medians", () => {
  const servers = { [OURS]: samples(100, 40, 220), peer: samples(50, 10, 200) };
  expect(verdicts(result({ targets: [{ against: "peer", atLeast: 2 }] }, servers))).toMatchObject([
    { against: "peer", is: 2, holds: true },
  ]);
});

it("the best peer is the fastest one where more is better, and the cheapest where less is", () => {
  const servers = { [OURS]: samples(60), slow: samples(10), fast: samples(20) };
  const targets = [{ against: "the best peer", atLeast: 3 }];
  expect(verdicts(result({ targets }, servers))[0]).toMatchObject({ against: "fast", is: 3, holds: true });
  expect(verdicts(result({ targets, better: "less" }, servers))[0]).toMatchObject({ against: "slow", is: 6 });
});

it("a target without a peer is one for our worst round", () => {
  const servers = { [OURS]: samples(300, 410, 290), peer: samples(1, 1, 1) };
  expect(verdicts(result({ targets: [{ atMost: 400 }] }, servers))[0]).toMatchObject({ is: 410, holds: false });
  expect(verdicts(result({ targets: [{ atLeast: 290 }] }, servers))[0]).toMatchObject({ is: 290, holds: true });
});

it("no target holds where one of our transfers is left unfinished and none may be", () => {
  const servers = { [OURS]: [{ value: 9, unfinished: 1 }], peer: samples(1) };
  const targets = [{ against: "peer", atLeast: 4 }];
  expect(verdicts(result({ targets }, servers))[0]!.holds).toBe(true);
  expect(verdicts(result({ targets, allFinish: true }, servers))[0]!.holds).toBe(false);
});

it("the page has each target with what was measured, and says which was missed", () => {
  const servers = { [OURS]: samples(10), peer: samples(8) };
  const targets = [
    { against: "peer", atLeast: 1.2 },
    { against: "the best peer", atLeast: 2 },
  ];
  const text = section({ machine: "a machine", versions: { peer: "1.0" }, rows: [result({ targets }, servers)] });
  expect(text).toContain("| some <work> | at least 1.2 × peer | 1.25 × |");
  expect(text).toContain("| some <work> | at least 2 × the best peer (peer) | **missed:** 1.25 × |");
});

it("the escrow's results have a table of their own, with what each took in memory and time", () => {
  const servers = { [OURS]: [{ value: 12, memoryMB: 220, seconds: 3 }], peer: samples(24) };
  const targets = [{ atMost: 30 }, { against: "peer", atMost: 0.4 }];
  const text = programSection("escrow", {
    ...{ machine: "a machine", versions: { age: "1.1" } },
    rows: [result({ targets, unit: "s", better: "less", group: "escrow" }, servers)],
  });
  expect(text).toContain("| some <work> | at most 30 s | 12 s |");
  expect(text).toContain("| some <work> | at most 0.4 × peer | **missed:** 0.50 × |");
  expect(text).toContain("| some <work> | **breakglass** | 12 s | in 3 s, 220 MB of memory at the most |");
});

it("each of the escrow's rows has our figure, a target, and one that is missing holds nothing", () => {
  for (const each of [...ESCROW_ROWS, ...START_ROWS]) {
    expect(each.loads[0]!.server).toBe(OURS);
    expect(each.targets.length).toBeGreaterThan(0);
    const servers = Object.fromEntries(each.loads.map(({ server, take }) => [server, [take({})]]));
    expect(verdicts({ row: each, servers }).map(({ holds }) => holds)).toEqual(each.targets.map(() => false));
  }
});

it.each<[string, string, string, Partial<Sample>]>([
  [
    ...(["import-100k", OURS] as const),
    '{"rows":100000,"seconds":21.3,"rowsPerSecond":4000,"maxRssMiB":200,"vaultMiB":80}',
    { value: 25, memoryMB: 209.7152 },
  ],
  [
    "lookup",
    OURS,
    '{"deposits":9,"first8":{"p50":0.1,"p99":0.4},"deviceId":{"p50":0.2,"p99":0.9},"all":9}',
    { value: 0.9 },
  ],
  ["release", OURS, '{"releases":2000,"releasesPerSecond":900,"p50Ms":9,"p99Ms":20.5}', { value: 900, p99Ms: 20.5 }],
  ["import-age", "age", '{"seconds":4.5}', { value: 4.5 }],
])("%s takes its figure for %s out of what the program prints", (id, server, said, sample) => {
  const { take } = ESCROW_ROWS.find((each) => each.id === id)!.loads.find((each) => each.server === server)!;
  expect(take(JSON.parse(said))).toMatchObject(sample);
});

it("two places on a page are filled each by its own results", () => {
  const page = "a\n<!-- x -->\n<!-- to here -->\nb\n<!-- y -->\nold\n<!-- to here -->\nc\n";
  const both = placed(placed(page, "second", "<!-- y -->"), "first", "<!-- x -->");
  expect(both).toBe("a\n<!-- x -->\n\nfirst\n<!-- to here -->\nb\n<!-- y -->\n\nsecond\n<!-- to here -->\nc\n");
});

it("results take the place of the last ones, and nothing else on the page changes", () => {
  const page = "before\n<!-- npm run bench -- --write: from here -->\nold\n<!-- to here -->\nafter\n";
  const once = placed(page, "new\n");
  expect(once).toMatch(/^before\n.*\n\nnew\n\n.*\nafter\n$/);
  expect(placed(once, "new\n")).toBe(once);
  expect(() => placed("a page", "")).toThrow(/has lost/);
});

it("the longest bar of a panel fills it, the others are in proportion, and names are escaped", () => {
  const svg = picture("Speed", [result({}, { [OURS]: samples(100), peer: samples(25) })]);
  const widths = [...svg.matchAll(/<rect x="150" y="\d+" width="([0-9.]+)"/g)].map(([, width]) => Number(width));
  expect(widths).toEqual([460, 115]);
  expect(svg).toContain("some &lt;work&gt;");
});

it.each([
  [12_345.6, "12346"],
  [123.4, "123"],
  [1.2345, "1.23"],
  [0.0812, "0.0812"],
])("%d is written as %s", (value, text) => {
  expect(figure(value)).toBe(text);
});
