import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { figure, picture } from "./picture.ts";
import { medianOf, OURS, type Row, type RowResult, type Sample, type Verdict, verdicts } from "./rows.ts";

type Group = NonNullable<Row["group"]>;

export interface BenchResults {
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly RowResult[];
}

const BEGINS = "<!-- npm run bench -- --write: from here -->";
const beginsOf = (group: Group) => `<!-- npm run bench -- --only ${group} --write: from here -->`;
const ENDS = "<!-- to here -->";
const PAGE = join("docs", "benchmarks.md");

/** The same with every verdict, for other programs. */
export function resultsText({ machine, versions, rows }: BenchResults): string {
  const judged = rows.map(({ row, servers }) => ({ ...row, servers, verdicts: verdicts({ row, servers }) }));
  return `${JSON.stringify({ machine, versions, rows: judged }, null, 2)}\n`;
}

/** Puts the results in their place on the page, and draws them. */
export function writePage(root: string, results: BenchResults): void {
  const path = join(root, PAGE);
  writeFileSync(path, placed(readFileSync(path, "utf8"), section(results)));
  const speeds = results.rows.filter(({ row }) => row.unit === "MB/s");
  const drawn = picture("Boot files over TFTP, loopback, blocks of 1428 bytes", speeds);
  writeFileSync(join(root, "docs", "pictures", "bench-tftp.svg"), drawn);
}

/** The same for a group of rows that has a place of its own. */
export function writeGroup(root: string, group: Group, results: BenchResults): void {
  const path = join(root, PAGE);
  writeFileSync(path, placed(readFileSync(path, "utf8"), programSection(group, results), beginsOf(group)));
}

export function placed(page: string, text: string, begins = BEGINS): string {
  const from = page.indexOf(begins);
  const to = page.indexOf(ENDS, from);
  if (from < 0 || to < 0) throw new Error(`${PAGE} has lost the lines that say where the results go`);
  return `${page.slice(0, from)}${begins}\n\n${text}\n${page.slice(to)}`;
}

export function programSection(group: Group, { machine, versions, rows }: BenchResults): string {
  return [
    `${machine}. ${listed(versions)}. \`npm run bench -- --only ${group} --write\``,
    "",
    "| work | target | measured |",
    "|---|---|---|",
    ...rows.flatMap((result) => verdicts(result).map((verdict) => line(result, verdict))),
    "",
    "Medians, with the lowest and the highest round where there are several:",
    "",
    "| work | who | value | |",
    "|---|---|---|---|",
    ...rows.flatMap((result) =>
      Object.entries(result.servers).map(([name, samples]) => {
        const notes = notesOn(samples).join(", ");
        return `| ${result.row.title} | ${named(name)} | ${range(result, samples)} | ${notes} |`;
      }),
    ),
    "",
  ].join("\n");
}

const named = (name: string) => (name === OURS ? `**${name}**` : name);

function listed(versions: BenchResults["versions"]): string {
  const all = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return all.join(", ");
}

function range({ row }: RowResult, samples: readonly Sample[]): string {
  const values = samples.map(({ value }) => value);
  const median = `${figure(medianOf(samples))} ${row.unit}`;
  return values.length === 1 ? median : `${median} (${figure(Math.min(...values))} to ${figure(Math.max(...values))})`;
}

function notesOn(samples: readonly Sample[]): string[] {
  const most = (pick: (sample: Sample) => number | undefined) => Math.max(0, ...samples.map((each) => pick(each) ?? 0));
  const [seconds, memory] = [most((each) => each.seconds), most((each) => each.memoryMB)];
  const p99 = most((each) => each.p99Ms);
  return [
    ...(seconds === 0 ? [] : [`in ${figure(seconds)} s`]),
    ...(p99 === 0 ? [] : [`99 % of the answers within ${figure(p99)} ms`]),
    ...samples.flatMap(({ which }) => which ?? []).slice(0, 1),
    ...(memory === 0 ? [] : [`${figure(memory)} MB of memory at the most`]),
  ];
}

export function section({ machine, versions, rows }: BenchResults): string {
  const judged = rows.flatMap((result) => verdicts(result).map((verdict) => line(result, verdict)));
  return [
    `${machine}. ${listed(versions)}.`,
    "",
    "| work | target | measured |",
    "|---|---|---|",
    ...judged,
    "",
    "![Medians of each server](pictures/bench-tftp.svg)",
    "",
    "Medians, with the lowest and the highest round:",
    "",
    "| work | server | value | CPU s/GB | |",
    "|---|---|---|---|---|",
    ...rows.flatMap((result) =>
      Object.entries(result.servers).map(([name, samples]) => measured(result, name, samples)),
    ),
    "",
  ].join("\n");
}

function line({ row }: RowResult, { target, against, is, holds }: Verdict): string {
  const bound = target.atLeast === undefined ? `at most ${target.atMost}` : `at least ${target.atLeast}`;
  const peer = target.against === "the best peer" ? `the best peer (${against})` : against;
  const wanted = peer === null ? `${bound} ${row.unit}` : `${bound} × ${peer}`;
  const finished = row.allFinish === true ? ", none unfinished" : "";
  const value = peer === null ? `${figure(is)} ${row.unit}` : `${is.toFixed(2)} ×`;
  return `| ${row.title} | ${wanted}${finished} | ${holds ? value : `**missed:** ${value}`} |`;
}

function measured(result: RowResult, name: string, samples: readonly Sample[]): string {
  const cpu = samples.flatMap(({ cpuSecondsPerGb }) => (cpuSecondsPerGb === undefined ? [] : [cpuSecondsPerGb]));
  const most = (pick: (sample: Sample) => number | undefined) => Math.max(0, ...samples.map((each) => pick(each) ?? 0));
  const [unfinished, seconds] = [most((each) => each.unfinished), most((each) => each.seconds)];
  const notes = [
    unfinished === 0 ? "" : `${unfinished} unfinished`,
    seconds === 0 ? "" : `the last after ${seconds.toFixed(2)} s`,
  ].filter((note) => note !== "");
  // What tftpd-hpa does is done by children of it that nobody waits for.
  const cost = cpu.length === 0 || name === "tftpd-hpa" ? "" : figure(medianOf(cpu.map((value) => ({ value }))));
  return `| ${result.row.title} | ${named(name)} | ${range(result, samples)} | ${cost} | ${notes.join(", ")} |`;
}
