import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { telling } from "../dashboard/timeline.ts";
import { deviceOf } from "../ledger/events/event.ts";
import { type CrashTest, makeCrashTest } from "./crash-test.ts";
import type { EspFiles } from "./disk/esp.ts";
import { DISTURBANCES } from "./disturbance.ts";
import { keepArtifacts } from "./evidence.ts";
import { type ForeignDisk, openForeignDisk } from "./foreign-disk.ts";
import type { Firmware } from "./lab/firmware.ts";
import type { Lab } from "./lab/lab.ts";
import { ownIpxe } from "./lab/own-ipxe.ts";
import { Station } from "./lab/station.ts";
import { proveLedger } from "./ledger-proof.ts";
import { type ExpectedDevice, type Office, openOffice } from "./prepare.ts";
import { watchProcesses } from "./process-watch.ts";
import { makePrivateFolder } from "./report/private-file.ts";
import type { Check, DeviceResult, ScenarioResult } from "./report/result.ts";
import type { Story } from "./report/story.ts";
import { attack } from "./rogue/run.ts";
import type { Scenario } from "./scenario.ts";
import { searchFiles } from "./secrecy.ts";
import { expectedDevice, judge, type Staged, stage } from "./staged.ts";

interface RunOptions {
  readonly lab: Lab;
  readonly scenario: Scenario;
  readonly firmware: Firmware;
  /** Where its files go, below the lab's folder and the report's. */
  readonly name: string;
  /** Position among the drill's runs: no two runs of one LAN share an address. */
  readonly index: number;
  readonly story: Story;
  readonly self: readonly string[];
  readonly images: readonly string[];
  readonly remedy: string;
  /** What goes on the ESP of a crash-test device. */
  readonly deviceOs: EspFiles;
  /** The image that a foreign role's disk is a copy of. */
  readonly foreign: ForeignDisk | null;
  /** The report's folder. */
  readonly report: string;
  readonly now: () => number;
}

/** Runs one scenario, from the making of its disks to its checks. */
export async function runScenario(options: RunOptions): Promise<ScenarioResult> {
  const { lab, scenario, firmware, story, now } = options;
  const startedAt = now();
  const firstMoment = story.elapsed;
  const folder = join(lab.folder, options.name);
  const kept = join(options.report, options.name);
  for (const each of [folder, kept]) makePrivateFolder(each);
  story.heading(`\n${scenario.name}: ${scenario.title}`);
  story.tell(null, `firmware ${firmware.name}: ${firmware.title}; network ${lab.network.name}: ${lab.network.title}`);
  const endWatching = watchProcesses();

  const disks = await makeDisks(options, folder);
  const expected = scenario.devices.map((role, index) => expectedDevice(role, disks[index]!, options.index, index));
  const office = await openOffice(
    options.self,
    folder,
    scenario,
    expected,
    options.remedy,
    options.foreign?.keys ?? null,
  );
  story.tell(null, "vault made, escrow export imported while it is sealed, campaign armed");
  const station = newStation(options, office, folder, expected);
  const staged: Staged[] = [];
  const at = { lab, firmware, folder, devices: disks.length, station, story, now };
  for (const [index, device] of expected.entries()) staged.push(await stage(device, disks[index]!, at));

  const checks: Check[] = [];
  const trouble = await station.start();
  checks.push(check("station", "the station starts", trouble === null, trouble ?? "all sockets bound"));
  if (trouble === null) {
    story.tell(null, `station serves: 67, 4011, 69, HTTP, HTTPS; leases come from ${lab.network.leasedBy}`);
    checks.push(...(await rescueAll(options, office, station, staged, folder)));
  }
  await station.stop();
  story.tell(null, "station stopped; the disks are looked at from outside");

  const devices: DeviceResult[] = [];
  for (const each of staged) {
    const judged = await judge(each, story, kept);
    devices.push(judged.result);
    checks.push(...judged.checks, ...(await each.disk.finish()));
  }
  const ledger = await proveLedger(options.self, office, folder);
  writeFileSync(join(folder, "processes.txt"), endWatching());
  const written = [
    ...station.logs,
    join(office.state, "log", "station.jsonl"),
    ...staged.flatMap(({ run }) => run.record.serialLogs),
    join(folder, "ledger.jsonl"),
    join(folder, "processes.txt"),
    ...lab.logs,
  ];
  checks.push(ledger.check, secrecyCheck(office, disks, [...written, office.state, ...options.images, kept]));
  for (const each of checks.filter(({ passed }) => !passed))
    story.tell(each.device, `DOES NOT HOLD: ${each.title} (${each.evidence})`, "bad");
  return {
    name: scenario.name,
    folder: options.name,
    firmware: { name: firmware.name, title: firmware.title, architecture: firmware.architecture },
    network: { name: lab.network.name, title: lab.network.title },
    title: scenario.title,
    objective: scenario.objective,
    startedAt: new Date(startedAt).toISOString(),
    endedAt: new Date(now()).toISOString(),
    passed: checks.every(({ passed }) => passed),
    devices,
    checks,
    stationMoments: story.momentsOf(null).filter((moment) => moment.at >= firstMoment),
    ledgerHead: ledger.head,
    counters: station.counters,
    artifacts: await keepArtifacts(written, kept),
  };
}

async function makeDisks(
  { scenario, firmware, story, deviceOs, foreign, now }: RunOptions,
  folder: string,
): Promise<CrashTest[]> {
  const disks: CrashTest[] = [];
  for (const role of scenario.devices) {
    const from = now();
    story.awaiting("disk", `the disk of ${role.name} is made`);
    const disk =
      role.disk === "foreign"
        ? await openForeignDisk(foreign!, folder)
        : await makeCrashTest(role.disk, join(folder, `${role.name}.img`), deviceOs, firmware.bootSector);
    story.awaiting("disk", null);
    story.tell(role.name, `disk ready after ${((now() - from) / 1000).toFixed(1)} s: ${disk.description}`);
    disks.push(disk);
  }
  return disks;
}

function newStation(options: RunOptions, office: Office, folder: string, expected: readonly ExpectedDevice[]): Station {
  const { lab, self, images, firmware, story } = options;
  const { state, passphrase } = office;
  const brought = firmware.ownIpxe ? ["--ipxe", ownIpxe(images, join(folder, "ipxe"))] : [];
  const serve = [...lab.network.serve, ...firmware.station, ...brought];
  const log = join(folder, "station");
  const station = new Station({ node: lab.station, self, state, images, serve, passphrase, log });
  const names = new Map(expected.map(({ mac, role }) => [mac, role.name]));
  station.onEntry(({ body }) => {
    const { mark, text } = telling(body);
    story.tell(names.get(deviceOf(body) ?? "") ?? null, text, mark);
  });
  return station;
}

/** The crash loops, then the rescues with whatever disturbs them, then the healthy boots; devices side by side. */
async function rescueAll(
  options: RunOptions,
  office: Office,
  station: Station,
  staged: readonly Staged[],
  folder: string,
): Promise<readonly Check[]> {
  const { scenario, story } = options;
  await Promise.all(staged.map(({ run }) => run.crash()));
  const devices = staged.map(({ expected }) => expected);
  const context = { station, office, story, devices, attack: () => attack({ ...options, station, devices, folder }) };
  const disturbing = DISTURBANCES[scenario.disturbance](context);
  const [checks] = await Promise.all([disturbing, ...staged.map(({ run }) => run.rescue())]);
  await Promise.all(staged.map(({ run }) => run.provesHealthy()));
  for (const { run, expected } of staged.filter((each) => each.expected.role.healthyBoots > 0))
    if (run.record.trouble === null)
      await station.waitFor(({ body }) => body.type === "device.confirmed" && body.device === expected.mac, 15_000);
  return checks;
}

function secrecyCheck(office: Office, disks: readonly CrashTest[], places: readonly string[]): Check {
  const passwords = disks.flatMap(({ recoveryPasswords }) =>
    recoveryPasswords.map(({ password }) => password.reveal()),
  );
  const { leaks, files, bytes } = searchFiles(places, [...passwords, ...office.secrets()]);
  const evidence =
    leaks.length === 0
      ? `${files} files, ${(bytes / 1e6).toFixed(0)} MB searched: logs, ledger, vault, image, serial consoles, command lines and environments`
      : leaks.map(({ where, secret, form }) => `${where}: secret ${secret + 1} ${form}`).join("; ");
  return check("secrecy", "no recovery password was written down anywhere", leaks.length === 0, evidence);
}

function check(id: string, title: string, passed: boolean, evidence: string): Check {
  return { id, device: null, title, passed, evidence };
}
