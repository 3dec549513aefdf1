import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ImageArchitecture } from "../boot/image-id.ts";
import { fileSha256 } from "../image/debian.ts";
import { loadManifest, MANIFEST } from "../image/manifest.ts";
import type { EspFiles } from "./disk/esp.ts";
import type { ForeignDisk } from "./foreign-disk.ts";
import { FIRMWARES, type Firmware } from "./lab/firmware.ts";
import { buildLab } from "./lab/lab.ts";
import { type LabNetwork, NETWORKS } from "./lab/lan.ts";
import { reportPage } from "./report/page.ts";
import { makePrivateFolder, writePrivateFile } from "./report/private-file.ts";
import { reportJson } from "./report/report.ts";
import { type DrillResult, type ScenarioResult, type Verdict, verdict } from "./report/result.ts";
import type { Story } from "./report/story.ts";
import { runScenario } from "./run.ts";
import type { Scenario } from "./scenario.ts";

export interface DrillOptions {
  /** Each on each firmware. */
  readonly scenarios: readonly Scenario[];
  readonly firmwares: readonly Firmware[];
  readonly network: LabNetwork;
  readonly story: Story;
  readonly self: readonly string[];
  /** Folders of recovery images, one for each architecture. */
  readonly images: readonly string[];
  /** `argument`: how `campaign arm --remedy` is told of it. */
  readonly remedy: { readonly id: string; readonly sha256: string; readonly argument: string };
  /** What goes on the ESP of crash-test devices, for each architecture among the firmwares. */
  readonly deviceOs: ReadonlyMap<ImageArchitecture, EspFiles>;
  readonly foreign: ForeignDisk | null;
  /** Made if it is not there; what an earlier drill left in it is replaced. */
  readonly report: string;
  readonly folder: string;
  readonly operator: string;
  readonly version: string;
  readonly now: () => number;
}

/** How a drill ended, the paths of its report, and the rows of the table that a person sees last. */
type DrillEnd = Verdict & { readonly json: string; readonly page: string; readonly rows: readonly string[][] };

/** Runs each scenario on each firmware, one after another in one lab, and writes the report. Only inside the lab's namespaces. */
export async function runDrill(options: DrillOptions): Promise<DrillEnd> {
  const { story, report, folder, network, now } = options;
  const startedAt = new Date(now()).toISOString();
  makePrivateFolder(report);
  story.tell(null, `lab: private network, ${network.title}`);
  const lab = await buildLab(folder, network);
  story.tell(
    null,
    `devices run on ${lab.qemu} with ${lab.acceleration === "kvm" ? "KVM" : "TCG (software emulation)"}`,
  );
  const results: ScenarioResult[] = [];
  const runs = options.firmwares.flatMap((firmware) => options.scenarios.map((scenario) => ({ firmware, scenario })));
  for (const [index, { firmware, scenario }] of runs.entries()) {
    const name = runName(scenario, firmware, network);
    rmSync(join(report, name), { recursive: true, force: true });
    const { images, self, foreign, remedy } = options;
    const deviceOs = options.deviceOs.get(firmware.architecture) ?? new Map();
    const at = { lab, scenario, firmware, name, index, story, self, images, deviceOs, foreign, report, now };
    results.push(await runScenario({ ...at, remedy: remedy.argument }));
  }
  const drill: DrillResult = {
    drillId: `${startedAt}-${results.map(({ folder }) => folder).join("+")}`.slice(0, 120),
    kind: "drill",
    type: "simulation",
    startedAt,
    endedAt: new Date(now()).toISOString(),
    tool: { name: "breakglass", version: options.version },
    operator: options.operator,
    lab: { acceleration: lab.acceleration, processors: 2, qemu: lab.qemu },
    remedy: { id: options.remedy.id, sha256: options.remedy.sha256 },
    images: await Promise.all(options.images.map(imageResult)),
    scenarios: results,
  };
  return { ...verdict(results), ...writeReport(drill, report), rows: summaryRows(results) };
}

/** What tells a run from others, in files and tables: the scenario's name, and what is not as usual about it. */
function runName(scenario: Scenario, firmware: Firmware, network: LabNetwork): string {
  const unusual = [firmware === FIRMWARES[0] ? [] : [firmware.name], network === NETWORKS[0] ? [] : [network.name]];
  return [scenario.name, ...unusual.flat()].join("-");
}

async function imageResult(folder: string): Promise<DrillResult["images"][number]> {
  const { architecture, driverSet } = loadManifest(folder);
  return { architecture, driverSet, manifestSha256: await fileSha256(join(folder, MANIFEST)) };
}

function writeReport(drill: DrillResult, report: string): { json: string; page: string } {
  const screens = new Map<string, Uint8Array>();
  for (const scenario of drill.scenarios)
    for (const { screen } of scenario.devices)
      if (screen !== null)
        screens.set(`${scenario.folder}/${screen}`, readFileSync(join(report, scenario.folder, screen)));
  const json = join(report, "report.json");
  const page = join(report, "report.html");
  writePrivateFile(json, reportJson(drill));
  writePrivateFile(page, reportPage(drill, screens));
  return { json, page };
}

function summaryRows(scenarios: readonly ScenarioResult[]): string[][] {
  const seconds = (value: number | null) => (value === null ? "-" : `${value.toFixed(1)} s`);
  return scenarios.flatMap(({ name, firmware, devices, checks }) =>
    devices.map((device) => {
      const own = checks.filter((check) => check.device === device.name || check.device === null);
      const held = `${own.filter((check) => check.passed).length} of ${own.length} hold`;
      const { fileRemoved, healthy } = device.times;
      const received = `${(device.bytesToDevice / 1e6).toFixed(1)} MB`;
      return [name, firmware.name, device.name, device.outcome, seconds(fileRemoved), seconds(healthy), received, held];
    }),
  );
}
