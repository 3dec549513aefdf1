import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileSha256 } from "../../image/debian.ts";
import { loadManifest, MANIFEST, verifyImage } from "../../image/manifest.ts";
import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import type { LabNode } from "../lab/network.ts";
import type { Program } from "../lab/program.ts";
import { Station } from "../lab/station.ts";
import { proveLedger } from "../ledger-proof.ts";
import { type ExpectedDevice, type Office, openOffice } from "../prepare.ts";
import { watchProcesses } from "../process-watch.ts";
import { makePrivateFolder, writePrivateFile } from "../report/private-file.ts";
import type { Check, Verdict } from "../report/result.ts";
import type { Story } from "../report/story.ts";
import { findScenario } from "../scenario-list.ts";
import { Air } from "./air.ts";
import { check, waveChecks } from "./checks.ts";
import { costOf, forgetPeak } from "./cost.ts";
import { Course, type World } from "./course.ts";
import { makeDevices, type SyntheticDevice } from "./device.ts";
import { ManySecrets } from "./many-secrets.ts";
import { buildSyntheticLan, STATION } from "./network.ts";
import { syntheticPage } from "./page.ts";
import { type SyntheticResult, syntheticJson, syntheticVerdict } from "./result.ts";

export interface SyntheticOptions {
  readonly devices: number;
  readonly story: Story;
  readonly self: readonly string[];
  readonly image: string;
  readonly remedy: { readonly id: string; readonly argument: string };
  /** As for `serve`; `loads` is also what is checked. */
  readonly loads: number;
  readonly bandwidth: number | null;
  /** Megabits a second of the station's network card, null for as fast as the machine goes. */
  readonly line: number | null;
  readonly report: string;
  readonly folder: string;
  readonly operator: string;
  readonly version: string;
  readonly now: () => number;
}

type SyntheticEnd = Verdict & { readonly json: string; readonly page: string };

/** How long the whole wave may take: what the slowest line needs for it twice over, and some. */
const PATIENCE = { start: 180_000, perDevice: 1500 } as const;
const PROGRESS_MS = 5000;

/** All devices at once against one real station, and the report. Only inside the lab's namespaces. */
export async function runSynthetic(options: SyntheticOptions): Promise<SyntheticEnd> {
  const { story, report, folder, now } = options;
  const startedAt = new Date(now()).toISOString();
  makePrivateFolder(report);
  const endWatching = watchProcesses(2000);
  const image = await readImage(options.image);
  const devices = makeDevices(options.devices);
  const office = await openOffice(
    ...[options.self, folder, { ...findScenario("happy"), devices: [] }, devices.map(expected)],
    ...[options.remedy.argument, null],
  );
  story.tell(null, `vault and inventory of ${devices.length} devices made, campaign armed`);
  const node = await buildSyntheticLan(options.line);
  const programs: Program[] = [];
  const station = newStation(options, office, node, programs);
  const trouble = await station.start();
  if (trouble !== null) throw stationFailed(trouble);
  story.tell(null, `station serves; all ${devices.length} devices are switched on at the same moment`);
  forgetPeak(programs[0]!.pid);
  const courses = await rescueAll(devices, image, station, story);
  const cost = costOf(programs[0]!.pid) ?? { cpuSeconds: 0, peakBytes: 0 };
  await station.stop();
  story.tell(null, "station stopped; its ledger and everything written is looked at");

  const records = courses.map(({ record }) => record);
  const { entries } = station;
  const ledger = await proveLedger(options.self, office, folder);
  writeFileSync(join(folder, "processes.txt"), endWatching());
  const written = [...station.logs, join(folder, "ledger.jsonl"), join(folder, "processes.txt"), office.state];
  const checks: Check[] = [
    ...waveChecks({ devices, records, entries, loads: options.loads, mostTurns: mostTurns(station) }),
    ledger.check,
    secrecyCheck(office, devices, written),
  ];
  for (const each of checks.filter(({ passed }) => !passed))
    story.tell(null, `DOES NOT HOLD: ${each.title} (${each.evidence})`, "bad");
  const { loads, bandwidth, line, operator, version } = options;
  const result: SyntheticResult = {
    ...{ startedAt, endedAt: new Date(now()).toISOString(), operator, version, remedy: options.remedy.id },
    ...{ imageSha256: await fileSha256(join(options.image, MANIFEST)), loads, bandwidth, line, devices, records },
    ...{ checks, station: cost, ledgerEntries: ledger.head?.seq ?? 0, counters: withoutAddresses(station.counters) },
  };
  return { ...syntheticVerdict(result), ...writeReport(result, report) };
}

async function readImage(folder: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const differences = await verifyImage(folder);
  if (differences.length > 0)
    throw new OperatorError(
      `The recovery image in ${folder} is not what its manifest says. Nothing was started.`,
      "Build it again: breakglass image build",
      ExitCode.negative,
    );
  return new Map(loadManifest(folder).files.map(({ path }) => [path, readFileSync(join(folder, path))]));
}

/** The operator's own verbs make vault and campaign; to them a synthetic device is one like any other. */
function expected({ name, mac, serial, uuid, protectorId, password }: SyntheticDevice): ExpectedDevice {
  const role = { ...findScenario("happy").devices[0]!, name };
  return { role, mac, serial, uuid, escrowed: { protectorId, password: password.text } };
}

function newStation(options: SyntheticOptions, office: Office, node: LabNode, programs: Program[]): Station {
  const { self, image, folder, loads, bandwidth } = options;
  const budget = bandwidth === null ? [] : ["--bandwidth", `${bandwidth}`];
  return new Station({
    node: {
      ...node,
      start: (argv, more) => {
        const program = node.start(argv, more);
        programs.push(program);
        return program;
      },
    },
    ...{ self, images: [image], serve: ["--loads", `${loads}`, ...budget] },
    ...{ state: office.state, passphrase: office.passphrase, log: join(folder, "station") },
  });
}

async function rescueAll(
  devices: readonly SyntheticDevice[],
  image: ReadonlyMap<string, Uint8Array>,
  station: Station,
  story: Story,
): Promise<readonly Course[]> {
  const air = await Air.open();
  const patience = AbortSignal.timeout(PATIENCE.start + PATIENCE.perDevice * devices.length);
  const from = performance.now();
  const loading = { now: 0 };
  const elapsed = () => performance.now() - from;
  const world: World = { air, station: STATION, image, elapsed, loading, signal: patience };
  const courses = devices.map((device) => new Course(device, world));
  const told = setInterval(() => story.tell(null, progress(courses, loading.now)), PROGRESS_MS);
  await Promise.all(courses.map((course) => course.run()));
  clearInterval(told);
  story.tell(null, progress(courses, 0), "good");
  await seenBack(station, devices.length);
  air.close();
  return courses;
}

/** The last devices' broadcasts are still on their way through the station when their part is over. */
async function seenBack(station: Station, count: number): Promise<void> {
  const confirmed = () => station.entries.filter(({ body }) => body.type === "device.confirmed").length;
  for (let look = 0; look < 50 && confirmed() < count; look += 1) await new Promise((done) => setTimeout(done, 200));
}

function progress(courses: readonly Course[], loading: number): string {
  const rescued = courses.filter(({ record }) => record.at.rescued !== undefined).length;
  const waiting = courses.filter(({ record }) => record.waits > 0 && record.at.turn === undefined).length;
  return `${rescued} of ${courses.length} rescued; ${loading} load, ${waiting} wait for their turn`;
}

function secrecyCheck(office: Office, devices: readonly SyntheticDevice[], places: readonly string[]): Check {
  const secrets = [...office.secrets(), ...devices.map(({ password }) => password.text.reveal())];
  const search = new ManySecrets([...new Set(secrets)]);
  const { leaks, files, bytes } = search.search(places);
  const evidence =
    leaks.length === 0
      ? `${search.count} secrets looked for in ${files} files, ${(bytes / 1e6).toFixed(0)} MB: logs, ledger, vault, command lines and environments`
      : leaks
          .slice(0, 5)
          .map(({ where, secret, form }) => `${where}: secret ${secret + 1} ${form}`)
          .join("; ");
  return check("secrecy", "no recovery password was written down anywhere", leaks.length === 0, evidence);
}

function writeReport(result: SyntheticResult, report: string): { json: string; page: string } {
  const [json, page] = [join(report, "report.json"), join(report, "report.html")];
  // What an earlier drill left would be taken for this one's.
  for (const file of [json, page]) rmSync(file, { force: true });
  writePrivateFile(json, syntheticJson(result));
  writePrivateFile(page, syntheticPage(result));
  return { json, page };
}

function mostTurns({ counters }: Station): number {
  return (counters.loads as { most?: number } | undefined)?.most ?? 0;
}

/** Thousands of addresses with their bytes are in the devices' own list. */
function withoutAddresses({ bytesTo: _bytesTo, ...counters }: Record<string, unknown>): Record<string, unknown> {
  return counters;
}

function stationFailed(lastWords: string): OperatorError {
  return new OperatorError(
    `The station did not start: ${lastWords}`,
    "This is one of the drill's own steps; the lab was taken down.",
    ExitCode.negative,
  );
}
