import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileSha256 } from "../image/debian.ts";
import { loadManifest, MANIFEST } from "../image/manifest.ts";
import type { ForeignDisk } from "./foreign-disk.ts";
import { buildLab } from "./lab/lab.ts";
import { reportPage } from "./report/page.ts";
import { reportJson } from "./report/report.ts";
import { type DrillResult, type ScenarioResult, type Verdict, verdict } from "./report/result.ts";
import type { Story } from "./report/story.ts";
import { type RunOptions, runScenario } from "./run.ts";
import type { Scenario } from "./scenario.ts";

export interface DrillOptions {
  readonly scenarios: readonly Scenario[];
  readonly story: Story;
  readonly self: readonly string[];
  readonly image: string;
  /** `argument`: how `campaign arm --remedy` is told of it. */
  readonly remedy: { readonly id: string; readonly sha256: string; readonly argument: string };
  readonly deviceOs: ReadonlyMap<string, string>;
  readonly foreign: ForeignDisk | null;
  /** Made if it is not there; what an earlier drill left in it is replaced. */
  readonly report: string;
  readonly folder: string;
  readonly operator: string;
  readonly version: string;
  readonly now: () => number;
}

/** How a drill ended, the paths of its report, and the rows of the table that a person sees last. */
export type DrillEnd = Verdict & { readonly json: string; readonly page: string; readonly rows: readonly string[][] };

/** Runs the scenarios one after another in one lab and writes the report. Only inside the lab's namespaces. */
export async function runDrill(options: DrillOptions): Promise<DrillEnd> {
  const { scenarios, story, report, folder, now } = options;
  const startedAt = new Date(now()).toISOString();
  mkdirSync(report, { recursive: true });
  story.tell(null, "lab: private network, the site's DHCP server, Secure Boot firmware");
  const lab = await buildLab(folder);
  story.tell(
    null,
    `devices run on ${lab.qemu} with ${lab.acceleration === "kvm" ? "KVM" : "TCG (software emulation)"}`,
  );
  const results: ScenarioResult[] = [];
  for (const [index, scenario] of scenarios.entries()) {
    rmSync(join(report, scenario.name), { recursive: true, force: true });
    const { image, self, deviceOs, foreign, remedy } = options;
    const run: RunOptions = {
      lab,
      scenario,
      index,
      story,
      self,
      image,
      deviceOs,
      foreign,
      report,
      now,
      remedy: remedy.argument,
    };
    results.push(await runScenario(run));
  }
  const drill: DrillResult = {
    drillId: `${startedAt}-${scenarios.map(({ name }) => name).join("+")}`.slice(0, 120),
    kind: "drill",
    type: "simulation",
    startedAt,
    endedAt: new Date(now()).toISOString(),
    tool: { name: "breakglass", version: options.version },
    operator: options.operator,
    lab: { acceleration: lab.acceleration, processors: 2, qemu: lab.qemu },
    remedy: { id: options.remedy.id, sha256: options.remedy.sha256 },
    image: {
      driverSet: loadManifest(options.image).driverSet,
      manifestSha256: await fileSha256(join(options.image, MANIFEST)),
    },
    scenarios: results,
  };
  return { ...verdict(results), ...writeReport(drill, report), rows: summaryRows(results) };
}

function writeReport(drill: DrillResult, report: string): { json: string; page: string } {
  const screens = new Map<string, Uint8Array>();
  for (const scenario of drill.scenarios)
    for (const { screen } of scenario.devices)
      if (screen !== null) screens.set(`${scenario.name}/${screen}`, readFileSync(join(report, scenario.name, screen)));
  const json = join(report, "report.json");
  const page = join(report, "report.html");
  writeFileSync(json, reportJson(drill));
  writeFileSync(page, reportPage(drill, screens));
  return { json, page };
}

function summaryRows(scenarios: readonly ScenarioResult[]): string[][] {
  const seconds = (value: number | null) => (value === null ? "-" : `${value.toFixed(1)} s`);
  return scenarios.flatMap(({ name, devices, checks }) =>
    devices.map((device) => {
      const own = checks.filter((check) => check.device === device.name || check.device === null);
      const held = `${own.filter((check) => check.passed).length} of ${own.length} hold`;
      const { fileRemoved, healthy } = device.times;
      const received = `${(device.bytesToDevice / 1e6).toFixed(1)} MB`;
      return [name, device.name, device.outcome, seconds(fileRemoved), seconds(healthy), received, held];
    }),
  );
}
