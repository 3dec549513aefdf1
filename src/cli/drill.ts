import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import type { ImageArchitecture } from "../boot/image-id.ts";
import { buildDeviceOs } from "../drill/device-os.ts";
import { type DrillOptions, runDrill } from "../drill/drill.ts";
import { checkForeignDisk, type ForeignDisk } from "../drill/foreign-disk.ts";
import { checkFirmware, FIRMWARES, findFirmware } from "../drill/lab/firmware.ts";
import { findNetwork, NETWORKS } from "../drill/lab/lan.ts";
import { enterLab, handedOver, holdLifeline, labFolder } from "../drill/lab/namespace.ts";
import type { Story } from "../drill/report/story.ts";
import type { Scenario } from "../drill/scenario.ts";
import { findScenario, foreignScenario, withDevices } from "../drill/scenario-list.ts";
import { loadManifest } from "../image/manifest.ts";
import { remedySha256 } from "../remedy/remedy.ts";
import { selfCommand } from "../server/self-command.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { VERSION } from "../wire/version.ts";
import { storyOf } from "./drill-story.ts";
import { again } from "./next-step.ts";
import { builtFolder, imageFolder } from "./program-file.ts";
import { readRemedy } from "./remedy.ts";
import {
  NOT_STARTED,
  refuseSyntheticOnly,
  requireReport,
  runSyntheticDrill,
  type SyntheticFlags,
} from "./synthetic.ts";
import { formatTable } from "./table.ts";
import { requireWritable } from "./writable-folder.ts";

/** What commander gives for `drill run`. */
export interface RunFlags extends SyntheticFlags {
  readonly scenario: readonly string[];
  readonly firmware: readonly string[];
  readonly devices?: number;
  readonly report: string;
  readonly image: readonly string[];
  readonly cache: string;
  readonly remedy: string;
  readonly json: boolean;
}

/** `breakglass drill run`: a whole rescue in a lab on this machine, with what its options gave. */
export async function runDrillVerb(flags: RunFlags): Promise<void> {
  if (flags.synthetic !== undefined) return runSyntheticDrill(flags, flags.synthetic);
  refuseSyntheticOnly(flags);
  const foreign = foreignDisk(flags);
  const scenarios = foreign === null ? chosen(flags) : [foreignScenario(foreign.file)];
  const remedy = readRemedy(flags.remedy);
  const firmwares = [...new Set(flags.firmware.length === 0 ? [FIRMWARES[0]!.name] : flags.firmware)].map(findFirmware);
  const network = findNetwork(flags.network ?? NETWORKS[0]!.name);
  const architectures = [...new Set(firmwares.map(({ architecture }) => architecture))];
  const images = imagesFor(architectures, flags.image);
  const folder = labFolder();
  if (folder === null) {
    firmwares.forEach(checkFirmware);
    requireFolders(flags, foreign === null ? architectures : []);
    // What needs the machine's own network is done before the lab is entered.
    const log = (line: string) => process.stderr.write(`${line}\n`);
    const deviceOs: [ImageArchitecture, [string, string][]][] = [];
    for (const architecture of foreign === null ? architectures : []) {
      const build = {
        architecture,
        out: resolve(flags.cache, architecture),
        cache: resolve(builtFolder("cache")),
        log,
      };
      deviceOs.push([architecture, [...(await buildDeviceOs(build))]]);
    }
    process.exitCode = await enterLab(JSON.stringify(deviceOs));
    return;
  }
  holdLifeline();
  const story = storyOf(flags);
  const options: DrillOptions = {
    scenarios,
    firmwares,
    network,
    story,
    self: selfCommand(),
    images,
    remedy: { id: remedy.id, sha256: remedySha256(remedy), argument: flags.remedy },
    deviceOs: new Map(
      (JSON.parse(handedOver(folder)) as [ImageArchitecture, [string, string][]][]).map(([architecture, files]) => [
        architecture,
        new Map(files),
      ]),
    ),
    foreign,
    report: resolve(flags.report),
    folder,
    operator: userInfo().username,
    version: VERSION,
    now: Date.now,
  };
  try {
    await leave(await runDrill(options), flags, story);
  } catch (error) {
    // The error is told by whoever called; after that nothing may keep the lab alive.
    setTimeout(() => process.exit(), 100);
    throw error;
  }
}

/** All that the drill writes to. A checkout that root set up belongs to root, and another user's drill needs its own places. */
function requireFolders(flags: RunFlags, architectures: readonly ImageArchitecture[]): void {
  requireReport(flags.report);
  const next = again("sudo");
  for (const architecture of architectures)
    requireWritable(join(flags.cache, architecture), "The folder of the crash-test devices' system", NOT_STARTED, next);
  if (architectures.length > 0)
    requireWritable(builtFolder("cache"), "The folder of Debian's packages", NOT_STARTED, next);
}

/** The end of the copy inside the lab: its namespaces, and whatever still runs in them, go with it. */
async function leave(drill: Awaited<ReturnType<typeof runDrill>>, { json }: RunFlags, story: Story): Promise<never> {
  story.heading(
    `\n${formatTable(["SCENARIO", "FIRMWARE", "DEVICE", "OUTCOME", "FILE REMOVED", "HEALTHY", "RECEIVED", "CHECKS"], drill.rows)}`,
  );
  story.heading(`report  ${drill.page}\n        ${drill.json}\n`);
  story.heading(drill.line, drill.passed ? "good" : "bad");
  story.end();
  if (json) await new Promise((done) => process.stdout.write(readFileSync(drill.json), done));
  process.exit(drill.passed ? ExitCode.done : ExitCode.negative);
}

function foreignDisk({ disk, keys, out, scenario, devices }: RunFlags): ForeignDisk | null {
  if (disk === undefined) {
    if (keys === undefined && out === undefined) return null;
    throw new OperatorError("--keys and --out go with --disk. Nothing was started.", "Name the image with --disk.");
  }
  if (scenario.length > 0 || devices !== undefined)
    throw new OperatorError(
      "--disk is a drill of its own. Nothing was started.",
      "Leave --scenario and --devices away.",
    );
  const place = (file: string | undefined) => (file === undefined ? null : resolve(file));
  const foreign = { file: resolve(disk), keys: place(keys), out: place(out) };
  if (labFolder() === null) checkForeignDisk(foreign);
  return foreign;
}

function chosen({ scenario, devices }: RunFlags): Scenario[] {
  const names = scenario.length === 0 ? ["happy"] : [...new Set(scenario)];
  const found = names.map(findScenario);
  return devices === undefined ? found : found.map((each) => withDevices(each, devices));
}

/**
 * The folders of the recovery images for these architectures: all that were named, else those that are needed and the
 * x64 one, as on a real station. @throws OperatorError if one of them is not there.
 */
function imagesFor(architectures: readonly ImageArchitecture[], named: readonly string[]): readonly string[] {
  const needed = [...new Set<ImageArchitecture>(["x64", ...architectures])];
  const folders = named.length > 0 ? named : needed.map((architecture) => imageFolder(architecture));
  const found = folders.map((folder) => loadManifest(folder).architecture);
  const missing = needed.find((architecture) => !found.includes(architecture));
  if (missing === undefined) return folders.map((folder) => resolve(folder));
  throw new OperatorError(
    `None of ${folders.join(", ")} is a recovery image for ${missing}. Nothing was started.`,
    `Build it: breakglass image build --architecture ${missing}`,
    ExitCode.environment,
  );
}
