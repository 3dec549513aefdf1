import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import type { ImageArchitecture } from "../boot/image-id.ts";
import { buildDeviceOs } from "../drill/device-os.ts";
import { type DrillOptions, runDrill } from "../drill/drill.ts";
import { checkForeignDisk, type ForeignDisk } from "../drill/foreign-disk.ts";
import { checkFirmware, FIRMWARES, findFirmware } from "../drill/lab/firmware.ts";
import { findNetwork, NETWORKS } from "../drill/lab/lan.ts";
import { enterLab, handedOver, holdLifeline, labFolder } from "../drill/lab/namespace.ts";
import { Story } from "../drill/report/story.ts";
import { rogue } from "../drill/rogue/rogue.ts";
import type { Scenario } from "../drill/scenario.ts";
import { findScenario, foreignScenario, SCENARIOS, withDevices } from "../drill/scenario-list.ts";
import { loadManifest } from "../image/manifest.ts";
import { remedySha256 } from "../remedy/remedy.ts";
import { selfCommand } from "../server/self-command.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { VERSION } from "../wire/version.ts";
import { builtFolder, imageFolder } from "./program-file.ts";
import { readRemedy } from "./remedy.ts";
import { several } from "./serve.ts";
import { refuseSyntheticOnly, runSyntheticDrill, type SyntheticFlags, withSyntheticOptions } from "./synthetic.ts";
import { formatTable } from "./table.ts";

interface RunFlags extends SyntheticFlags {
  readonly scenario: readonly string[];
  readonly firmware: readonly string[];
  readonly devices?: number;
  readonly report: string;
  readonly image: readonly string[];
  readonly cache: string;
  readonly remedy: string;
  readonly json: boolean;
}

/** `breakglass drill run|list`: a whole rescue in a lab on this machine. */
export function defineRun(command: Command): void {
  withSyntheticOptions(command)
    .addOption(
      several("--scenario <NAME>", "one of `drill list`; may be given several times", "happy").argParser(collect),
    )
    .addOption(
      several("--firmware <NAME>", `${names(FIRMWARES)}; may be given several times`, FIRMWARES[0]!.name).argParser(
        collect,
      ),
    )
    .option("--network <NAME>", `${names(NETWORKS)} (default: ${NETWORKS[0]!.name})`)
    .option("--devices <N>", "how many devices at once", parseDevices)
    .option("--report <DIR>", "where the report goes", join("build", "drill"))
    .addOption(
      several(
        "--image <DIR>",
        "a recovery image; once for each architecture",
        "build/image, build/image-arm64",
      ).argParser(collect),
    )
    .option("--cache <DIR>", "where the crash-test devices' system is kept once it was built", builtFolder("device-os"))
    .option("--remedy <ID>", "the remedy to rehearse", "channel-file-291")
    .option("--disk <FILE.img>", "rehearse on a copy of this raw disk image instead; the file itself is only read")
    .option("--keys <FILE.csv>", "with --disk: the escrow export that has its recovery password")
    .option("--out <NEW.img>", "with --disk: write the rescued disk here")
    .option("--json", "the report on standard output, the story on standard error", false)
    .addHelpText(
      "after",
      "\nExit code 0 only if everything held; 1 if something did not (the report says\nwhat). Where nothing was started: 2 for wrong input, 4 if this machine lacks\nsomething (a package, an image).",
    )
    .action(run);
}

export function defineList(command: Command): void {
  command.option("--json", "for scripts", false).action(({ json }: { json: boolean }) => {
    const scenarios = SCENARIOS.map(({ name, title, objective }) => ({ name, title, objective }));
    const brief = (all: readonly { readonly name: string; readonly title: string }[]) =>
      all.map(({ name, title }) => ({ name, title }));
    const all = { scenarios, firmwares: brief(FIRMWARES), networks: brief(NETWORKS) };
    if (json) process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
    else
      process.stdout.write(
        [listed("SCENARIO", SCENARIOS), listed("FIRMWARE", FIRMWARES), listed("NETWORK", NETWORKS)].join("\n"),
      );
  });
}

export function defineRogue(command: Command): void {
  command.argument("<file>").action(rogue);
}

async function run(flags: RunFlags): Promise<void> {
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
  const out = flags.json ? process.stderr : process.stdout;
  const story = new Story({
    write: (text) => out.write(text),
    terminal: out.isTTY === true && process.env.NO_COLOR === undefined,
    now: Date.now,
  });
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

function listed(what: string, all: readonly { readonly name: string; readonly title: string }[]): string {
  return formatTable(
    [what, "WHAT IT IS"],
    all.map(({ name, title }) => [name, title]),
  );
}

const names = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name).join(", ");

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function parseDevices(text: string): number {
  if (!/^[1-9][0-9]?$/.test(text)) throw new InvalidArgumentError("A number from 1 to 99.");
  return Number(text);
}
