import { type Html, html, htmlPage } from "../../dashboard/html.ts";
import { devicePicture } from "./picture.ts";
import { bytesTarget, TARGETS } from "./report.ts";
import {
  type Check,
  type DeviceResult,
  type DrillResult,
  type Moment,
  type ScenarioResult,
  verdict,
} from "./result.ts";
import { REPORT_STYLE } from "./style.ts";

/**
 * `report.html`: the whole drill on one self-contained page without scripts, most important first. `screens` holds the
 * pictures of the devices' screens by `<folder>/<file name>`. The same result gives the same bytes.
 */
export function reportPage(drill: DrillResult, screens: ReadonlyMap<string, Uint8Array>): string {
  const { passed, line } = verdict(drill.scenarios);
  const checks = drill.scenarios.flatMap((scenario) => scenario.checks);
  const broken = checks.filter((check) => !check.passed);
  return htmlPage(line, REPORT_STYLE, [
    html`<h1>Rescue drill</h1><p class="soft">${drill.drillId} · ${drill.startedAt} to ${drill.endedAt} · run by ${drill.operator}</p>`,
    html`<div class="verdict${passed ? "" : " failed"}"><b>${line}</b><br>${checks.length - broken.length} of ${checks.length} checks hold.</div>`,
    broken.length > 0 ? html`<h2>What did not hold</h2>${checkTable(broken)}` : null,
    figures(drill),
    ...drill.scenarios.map((scenario) => scenarioSection(scenario, screens)),
    footer(drill),
  ]);
}

function figures(drill: DrillResult): Html {
  const devices = drill.scenarios.flatMap((scenario) => scenario.devices);
  const slowest = (pick: (device: DeviceResult) => number | null) => {
    const all = devices.flatMap((device) => pick(device) ?? []);
    return all.length === 0 ? null : Math.max(...all);
  };
  const removed = slowest((device) => device.times.fileRemoved);
  const healthy = slowest((device) => device.times.healthy);
  const bytes = slowest((device) => device.bytesToDevice) ?? 0;
  const boxes: [string, string][] = [
    [`${devices.filter((device) => device.rescued).length} of ${devices.length}`, "devices rescued"],
    [
      removed === null ? "–" : `${removed.toFixed(1)} s`,
      `power-on to file removed (target ${TARGETS.fileRemovedSeconds} s)`,
    ],
    [healthy === null ? "–" : `${healthy.toFixed(1)} s`, "power-on to healthy boot"],
    [`${(bytes / 1e6).toFixed(1)} MB`, `over the wire per device (target ${bytesTarget(drill) / 1e6} MB)`],
  ];
  return html`<div class="figures">${boxes.map(([value, what]) => html`<div><b>${value}</b>${what}</div>`)}</div>`;
}

function scenarioSection(scenario: ScenarioResult, screens: ReadonlyMap<string, Uint8Array>): Html {
  const head = scenario.ledgerHead;
  return html`<section><h2>${scenario.name}: ${scenario.title}</h2><p>${scenario.objective}</p><p class="soft">Firmware ${scenario.firmware.name}: ${scenario.firmware.title}. Network ${scenario.network.name}: ${scenario.network.title}.</p>
${scenario.devices.map((device) => deviceSection(device, screens.get(`${scenario.folder}/${device.screen}`)))}
<h3>Checks</h3>${checkTable(scenario.checks)}
<p class="soft">Ledger: ${head === null ? "none" : html`${head.seq} entries, head <code>${head.hash}</code>`}</p>
<details><summary>Station's story (${scenario.stationMoments.length} lines)</summary>${momentTable(scenario.stationMoments)}</details>
<details><summary>Files of this run (${scenario.artifacts.length})</summary><table><tr><th>File</th><th>Bytes</th><th>SHA-256</th></tr>${scenario.artifacts.map(
    ({ file, bytes, sha256 }) =>
      html`<tr><td class="mono">${file}</td><td>${bytes}</td><td class="mono">${sha256}</td></tr>`,
  )}</table></details></section>`;
}

function deviceSection(device: DeviceResult, picture: Uint8Array | undefined): Html {
  const image =
    picture === undefined
      ? ""
      : html`<figure><img alt="What the screen of ${device.name} showed" src="data:image/png;base64,${Buffer.from(picture).toString("base64")}"><figcaption>The screen of ${device.name} during the rescue.</figcaption></figure>`;
  const keys = device.keyProtectorIdsReleased.join(", ") || "none";
  const changes = device.changes.map(
    ({ path, change, to }) =>
      html`<tr><td>${change}</td><td class="mono">${path}${to === null ? "" : ` → ${to}`}</td></tr>`,
  );
  return html`<h3>${device.name}</h3>
<p><b class="${device.outcome === device.expected ? "good" : "bad"}">${device.outcome}</b> (expected: ${device.expected}) · ${device.volume} · ${device.mac} · serial ${device.serial}</p>
${devicePicture(device)}
<table><tr><th>Recovery passwords released for</th><td class="mono">${keys}</td></tr>
<tr><th>Crashes seen before, healthy boots after</th><td>${device.crashesSeen}, ${device.healthyBootsSeen}</td></tr>
<tr><th>Received over the network</th><td>${(device.bytesToDevice / 1e6).toFixed(1)} MB</td></tr></table>
<table><tr><th>Change on its disk</th><th>File</th></tr>${changes.length > 0 ? changes : html`<tr><td colspan="2">none</td></tr>`}</table>
${image}
<details${device.outcome === device.expected ? "" : " open"}><summary>Its story (${device.moments.length} lines)</summary>${momentTable(device.moments)}</details>`;
}

function checkTable(checks: readonly Check[]): Html {
  const rows = checks.map(({ device, title, passed, evidence }) => {
    const word = passed ? html`<td class="word good">holds</td>` : html`<td class="word bad">DOES NOT HOLD</td>`;
    return html`<tr>${word}<td>${device === null ? "" : html`<b>${device}</b>: `}${title}</td><td class="soft">${evidence}</td></tr>`;
  });
  return html`<table class="checks"><tr><th></th><th>What had to hold</th><th>What shows it</th></tr>${rows}</table>`;
}

function momentTable(moments: readonly Moment[]): Html {
  const rows = moments.map(
    ({ at, mark, text }) =>
      html`<tr><td class="time">${(at / 1000).toFixed(1)} s</td><td class="${mark}">${text}</td></tr>`,
  );
  return html`<table>${rows}</table>`;
}

function footer({ tool, lab, remedy, images }: DrillResult): Html {
  const rows: [string, string][] = [
    ["breakglass", tool.version],
    ["Lab", `${lab.qemu}, ${lab.acceleration}, ${lab.processors} processors a device`],
    ["Remedy", `${remedy.id} (SHA-256 ${remedy.sha256})`],
    ...images.map(({ architecture, driverSet, manifestSha256 }): [string, string] => [
      `Recovery image ${architecture}`,
      `driver set ${driverSet}, manifest SHA-256 ${manifestSha256}`,
    ]),
  ];
  return html`<h2>Made with</h2><table>${rows.map(([what, value]) => html`<tr><th>${what}</th><td class="mono">${value}</td></tr>`)}</table>
<p class="soft">Not shown by a drill in emulation: real firmware of network cards, TPM unsealing after a repair, Windows itself. See docs/threat-model.md and docs/field-notes.md.</p>`;
}
