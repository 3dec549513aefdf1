import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { resolve } from "node:path";
import { enterLab, holdLifeline, labFolder } from "../drill/lab/namespace.ts";
import { runSynthetic, type SyntheticOptions } from "../drill/synthetic/run.ts";
import { loadManifest } from "../image/manifest.ts";
import { PLATFORM } from "../server/platform/this-platform.ts";
import { selfCommand } from "../server/self-command.ts";
import { defaultLoads } from "../station/load-turns.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { VERSION } from "../wire/version.ts";
import { storyOf } from "./drill-story.ts";
import { imageFolder } from "./program-file.ts";
import { readRemedy } from "./remedy.ts";
import { requireWritable } from "./writable-folder.ts";

/** What `drill run` takes for synthetic devices, beside what it takes for others. */
export interface SyntheticFlags {
  readonly synthetic?: number;
  readonly loads?: number;
  readonly bandwidth?: number;
  readonly line?: number;
  readonly report: string;
  readonly image: readonly string[];
  readonly remedy: string;
  readonly json: boolean;
  readonly scenario: readonly string[];
  readonly firmware: readonly string[];
  readonly network?: string;
  readonly devices?: number;
  readonly disk?: string;
  readonly keys?: string;
  readonly out?: string;
}

/** The devices' side of it: sockets of each device at once, and memory: the image, both programs, and each device's. */
const NEEDS = { files: 200, filesPerDevice: 2, bytes: 600e6, bytesPerDevice: 100e3 } as const;

/** `drill run --synthetic N`. */
export async function runSyntheticDrill(flags: SyntheticFlags, devices: number): Promise<void> {
  refuseOthers(flags);
  const image = flags.image[0] ?? imageFolder("x64");
  const remedy = readRemedy(flags.remedy);
  if (loadManifest(image).architecture !== "x64")
    throw new OperatorError(
      `The recovery image in ${image} is not for x64, and synthetic devices are. Nothing was started.`,
      "Name an x64 image with --image.",
    );
  const folder = labFolder();
  if (folder === null) {
    requireReport(flags.report);
    checkMachine(devices);
    process.exitCode = await enterLab("");
    return;
  }
  holdLifeline();
  const story = storyOf(flags);
  const bandwidth = flags.bandwidth ?? null;
  const options: SyntheticOptions = {
    devices,
    story,
    self: selfCommand(),
    image: resolve(image),
    remedy: { id: remedy.id, argument: flags.remedy },
    loads: flags.loads ?? defaultLoads(bandwidth),
    bandwidth,
    line: flags.line ?? null,
    report: resolve(flags.report),
    folder,
    operator: userInfo().username,
    version: VERSION,
    now: Date.now,
  };
  try {
    const drill = await runSynthetic(options);
    story.heading(`\nreport  ${drill.page}\n        ${drill.json}\n`);
    story.heading(drill.line, drill.passed ? "good" : "bad");
    story.end();
    if (flags.json) await new Promise((done) => process.stdout.write(readFileSync(drill.json), done));
    process.exit(drill.passed ? ExitCode.done : ExitCode.negative);
  } catch (error) {
    // The error is told by whoever called; after that nothing may keep the lab alive.
    setTimeout(() => process.exit(), 100);
    throw error;
  }
}

export const NOT_STARTED = "Nothing was started.";

/** Before anything is built or started: a drill without its report proves nothing. */
export function requireReport(folder: string): void {
  requireWritable(folder, "The report folder", NOT_STARTED, "Name a folder that this user can write with --report.");
}

/** Nothing that was asked for is passed over: a drill that shows something else than was meant proves nothing. */
function refuseOthers(flags: SyntheticFlags): void {
  const { scenario, firmware, network, devices, disk, keys, out, image } = flags;
  const others =
    scenario.length > 0 ||
    firmware.length > 0 ||
    [network, devices, disk, keys, out].some((each) => each !== undefined);
  if (!others && image.length <= 1) return;
  throw new OperatorError(
    "--synthetic is a drill of its own. Nothing was started.",
    "Leave --scenario, --firmware, --network, --devices, --disk, --keys and --out away, and name one --image at the most.",
  );
}

/** The same for a drill that is not synthetic. */
export function refuseSyntheticOnly({ loads, bandwidth, line }: SyntheticFlags): void {
  if ([loads, bandwidth, line].every((each) => each === undefined)) return;
  throw new OperatorError(
    "--loads, --bandwidth and --line go with --synthetic. Nothing was started.",
    "Say how many devices: --synthetic 100. Or leave those options away.",
  );
}

function checkMachine(devices: number): void {
  const files = NEEDS.files + NEEDS.filesPerDevice * devices;
  const allowed = PLATFORM.mostOpenFiles();
  if (allowed < files)
    throw new OperatorError(
      `${devices} synthetic devices need ${files} open files, and this shell allows ${allowed}. Nothing was started.`,
      `Raise it (ulimit -Hn ${files}, as root), or take fewer devices: at most ${Math.floor((allowed - NEEDS.files) / NEEDS.filesPerDevice)}.`,
      ExitCode.environment,
    );
  const bytes = NEEDS.bytes + NEEDS.bytesPerDevice * devices;
  const free = PLATFORM.availableBytes();
  if (free < bytes)
    throw new OperatorError(
      `${devices} synthetic devices need ${Math.ceil(bytes / 1e6)} MB of memory, and ${Math.floor(free / 1e6)} MB are free. Nothing was started.`,
      "Close other programs, or take fewer devices.",
      ExitCode.environment,
    );
}
