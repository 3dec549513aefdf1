// `npm run bench`: our servers beside their peers, turn by turn, each byte compared. Results go to build/bench.json, with
// --write to docs/benchmarks.md and its pictures, too. --only ID,... runs some rows, --rounds N changes how often. `escrow`
// and `start` name all rows of the escrow and of the program's start: they need neither peers' packages nor a network, and
// go to build/bench-escrow.json and build/bench-start.json.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { enterLab, holdLifeline, labFolder } from "../../src/drill/lab/namespace.ts";
import { ESCROW_ROWS } from "./escrow-rows.ts";
import { makeLan } from "./lan.ts";
import { compileLoad, runLoad } from "./load.ts";
import { must, unpackPeers, versions } from "./peers.ts";
import { isThere, measurePrograms, programVersions } from "./programs.ts";
import { type BenchResults, resultsText, writeGroup, writePage } from "./report.ts";
import {
  HTTP_ROW,
  MEMORY_ROW,
  medianOf,
  OURS,
  type Row,
  type RowResult,
  type Sample,
  STORM_ROW,
  TFTP_ROWS,
  type TftpRow,
  verdicts,
} from "./rows.ts";
import { cpuSeconds, HTTP_COMMANDS, LOAD_CORE, type ServerUnderTest, startServers, TFTP_COMMANDS } from "./servers.ts";
import { RELEASE, START_ROWS } from "./start-rows.ts";
import { dnsmasqRound, stationRound } from "./storm.ts";

const ROOT = join(import.meta.dirname, "../..");
const BUILD = join(ROOT, "build", "bench");
const PEERS = join(BUILD, "peers");
const FILES = join(BUILD, "files");
const GROUPS = { escrow: ESCROW_ROWS, start: START_ROWS } as const;
const CONNECTIONS = 64;
const HTTP_REQUESTS = 128;
/** Its block size that fits an Ethernet packet behind any usual header. */
const BLOCK_SIZE = 1428;

const { values } = parseArgs({
  options: { write: { type: "boolean" }, only: { type: "string" }, rounds: { type: "string" } },
});
const picked = values.only?.split(",");
const wanted = (row: Row) => picked === undefined || picked.includes(row.id) || picked.includes(row.group ?? "");
const roundsOf = (row: Row) => (values.rounds === undefined ? row.rounds : Number(values.rounds));

const say = (line: string) => process.stdout.write(`bench: ${line}\n`);

/** Every server in turn, and that again. */
async function inTurns(
  row: Row,
  servers: readonly string[],
  once: (server: string, round: number) => Promise<Sample>,
): Promise<RowResult> {
  say(`${row.title}: ${servers.join(", ")}; ${roundsOf(row)} rounds`);
  const samples: Record<string, Sample[]> = Object.fromEntries(servers.map((name) => [name, []]));
  for (let round = 0; round < roundsOf(row); round++)
    for (const server of servers) samples[server]!.push(await once(server, round));
  const result = { row, servers: samples };
  sayVerdicts(result);
  return result;
}

function sayVerdicts(result: RowResult): void {
  for (const [server, samples] of Object.entries(result.servers))
    say(`  ${server}: ${medianOf(samples).toPrecision(4)} ${result.row.unit}`);
  for (const { target, against, is, holds } of verdicts(result))
    say(
      `  ${holds ? "holds" : "MISSED"}: ${against === null ? "" : `/ ${against} = `}${is.toPrecision(3)} ${JSON.stringify(target)}`,
    );
}

/** How many targets of a group's rows were missed. */
async function programs(group: "escrow" | "start"): Promise<number> {
  const all = GROUPS[group].filter(wanted);
  if (all.length === 0) return 0;
  if (group === "start") await must([process.execPath, join(ROOT, "setup", "package.ts"), "--out", RELEASE]);
  const absent = all.filter((row) => !isThere(row));
  for (const { id } of absent) say(`${id}: NOT MEASURED, its program is not there`);
  const rows: RowResult[] = [];
  for (const row of all.filter(isThere)) {
    say(`${row.title}: ${row.loads.map(({ server }) => server).join(", ")}; rounds: ${roundsOf(row)}`);
    rows.push(await measurePrograms(row, roundsOf(row), join(BUILD, group, row.id)));
    sayVerdicts(rows.at(-1)!);
  }
  const machine = await machineName();
  const results: BenchResults = { machine, versions: await programVersions(), rows };
  writeFileSync(join(ROOT, "build", `bench-${group}.json`), resultsText(results));
  if (values.write) writeGroup(ROOT, group, results);
  return rows.flatMap((row) => verdicts(row).filter(({ holds }) => !holds)).length;
}

async function machineName(): Promise<string> {
  return `${cpus()[0]?.model.trim() ?? "?"}, ${cpus().length} cores, Linux ${await must(["uname", "-r"])}`;
}

async function tftpRow(row: TftpRow, running: readonly ServerUnderTest[], load: string): Promise<RowResult> {
  const { devices, mebibytes, windowSize, lostPermille, seconds } = row.load;
  const name = `${mebibytes}MiB`;
  return inTurns(row, row.servers, async (server) => {
    const { address, program } = running.find((each) => each.name === server)!;
    const before = cpuSeconds(program.pid);
    const loaded = await runLoad([...LOAD_CORE, load], {
      ...{ server: address, port: 69, name, file: join(FILES, name), devices, firstAddress: "127.1.0.1" },
      ...{ blockSize: BLOCK_SIZE, windowSize, lostPermille, seconds },
    });
    const cpuSecondsPerGb = (cpuSeconds(program.pid) - before) / (loaded.bytes / 1e9);
    return { value: loaded.bytes / loaded.seconds / 1e6, unfinished: loaded.unfinished, cpuSecondsPerGb };
  });
}

async function httpRow(running: readonly ServerUnderTest[]): Promise<RowResult> {
  return inTurns(HTTP_ROW, HTTP_ROW.servers, async (server) => {
    const { address, program } = running.find((each) => each.name === server)!;
    const before = cpuSeconds(program.pid);
    const script = join(import.meta.dirname, "http-load.ts");
    const argv = [address, "/40MB", join(FILES, "40MB"), `${CONNECTIONS}`, `${HTTP_REQUESTS}`];
    const bytes = Number(await must([...LOAD_CORE, process.execPath, script, ...argv]));
    return { value: (cpuSeconds(program.pid) - before) / (bytes / 1e9) };
  });
}

async function stormRows(folder: string, load: string): Promise<RowResult[]> {
  const lan = await makeLan();
  const memory: Sample[] = [];
  const storm = await inTurns(STORM_ROW, [OURS, "dnsmasq"], async (server, round) => {
    if (server === "dnsmasq") return dnsmasqRound(lan);
    const samples = await stationRound(lan, join(folder, `station-${round}`), load);
    memory.push(samples.memory);
    return samples.storm;
  });
  return [storm, await inTurns(MEMORY_ROW, [OURS], async (_, round) => memory[round]!)];
}

async function inside(folder: string): Promise<number> {
  await must(["ip", "link", "set", "lo", "up"]);
  // tftpd-hpa takes no address of the loopback network where there is none but those (getaddrinfo, AI_ADDRCONFIG).
  await must(["ip", "address", "add", "10.76.0.1/32", "dev", "lo"]);
  const load = join(BUILD, "load");
  const folders = { peers: PEERS, root: FILES, logs: folder };
  const rows: RowResult[] = [];
  const running: ServerUnderTest[] = [];
  const serve = async (commands: typeof TFTP_COMMANDS, file: string) => {
    running.splice(0, running.length, ...(await startServers(commands, join(FILES, file), folders)));
  };
  const stop = () => Promise.all(running.map(({ program }) => program.stop(1000)));
  for (const file of ["32MiB", "8MiB"]) {
    const some = TFTP_ROWS.filter((row) => wanted(row) && file === `${row.load.mebibytes}MiB`);
    if (some.length === 0) continue;
    await serve(TFTP_COMMANDS, file);
    for (const row of some) rows.push(await tftpRow(row, running, load));
    await stop();
  }
  if (wanted(HTTP_ROW)) {
    await serve(HTTP_COMMANDS, "40MB");
    rows.push(await httpRow(running));
    await stop();
  }
  if (wanted(STORM_ROW) || wanted(MEMORY_ROW)) rows.push(...(await stormRows(folder, load)));

  const machine = await machineName();
  const node = process.versions.node;
  const results: BenchResults = { machine, versions: { node, ...(await versions(PEERS)) }, rows };
  writeFileSync(join(ROOT, "build", "bench.json"), resultsText(results));
  if (values.write) writePage(ROOT, results);
  const missed = rows.flatMap((row) => verdicts(row).filter(({ holds }) => !holds)).length;
  say(`build/bench.json is written${values.write ? ", and docs/benchmarks.md" : ""}; targets missed: ${missed}`);
  return missed === 0 ? 0 : 1;
}

async function outside(): Promise<number> {
  mkdirSync(BUILD, { recursive: true });
  const missed = (await programs("start")) + (await programs("escrow"));
  say(`targets of start-up and escrow missed: ${missed}`);
  if (![...TFTP_ROWS, HTTP_ROW, STORM_ROW, MEMORY_ROW].some(wanted)) return missed === 0 ? 0 : 1;
  return Math.max(missed === 0 ? 0 : 1, await servers());
}

async function servers(): Promise<number> {
  if (cpus().length < 2) throw new Error("needs two cores: one for the servers, one for the devices");
  mkdirSync(FILES, { recursive: true });
  say("fetching and unpacking the peers, compiling the devices");
  await unpackPeers(PEERS);
  await compileLoad(join(BUILD, "load"));
  for (const [name, size] of [
    ["8MiB", 8 << 20],
    ["32MiB", 32 << 20],
    ["40MB", 40e6],
  ] as const)
    if (!existsSync(join(FILES, name))) writeFileSync(join(FILES, name), randomBytes(size));
  return enterLab("");
}

const folder = labFolder();
if (folder !== null) holdLifeline();
process.exit(await (folder === null ? outside() : inside(folder)));
