import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { figure, picture } from "./picture.ts";
import { medianOf, OURS, type RowResult, type Sample, type Verdict, verdicts } from "./rows.ts";

export interface BenchResults {
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly RowResult[];
}

const [BEGINS, ENDS] = ["<!-- npm run bench -- --write: from here -->", "<!-- to here -->"];
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

export function placed(page: string, text: string): string {
  const [before, rest] = page.split(BEGINS);
  const after = rest?.split(ENDS)[1];
  if (after === undefined) throw new Error(`${PAGE} has lost the lines that say where the results go`);
  return `${before}${BEGINS}\n\n${text}\n${ENDS}${after}`;
}

export function section({ machine, versions, rows }: BenchResults): string {
  const judged = rows.flatMap((result) => verdicts(result).map((verdict) => line(result, verdict)));
  return [
    `${machine}. ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")}.`,
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

function measured({ row }: RowResult, name: string, samples: readonly Sample[]): string {
  const values = samples.map(({ value }) => value);
  const cpu = samples.flatMap(({ cpuSecondsPerGb }) => (cpuSecondsPerGb === undefined ? [] : [cpuSecondsPerGb]));
  const most = (pick: (sample: Sample) => number | undefined) => Math.max(0, ...samples.map((each) => pick(each) ?? 0));
  const [unfinished, seconds] = [most((each) => each.unfinished), most((each) => each.seconds)];
  const notes = [
    unfinished === 0 ? "" : `${unfinished} unfinished`,
    seconds === 0 ? "" : `the last after ${seconds.toFixed(2)} s`,
  ].filter((note) => note !== "");
  const range = `${figure(medianOf(samples))} ${row.unit} (${figure(Math.min(...values))} to ${figure(Math.max(...values))})`;
  // What tftpd-hpa does is done by children of it that nobody waits for.
  const cost = cpu.length === 0 || name === "tftpd-hpa" ? "" : figure(medianOf(cpu.map((value) => ({ value }))));
  return `| ${row.title} | ${name === OURS ? `**${name}**` : name} | ${range} | ${cost} | ${notes.join(", ")} |`;
}
