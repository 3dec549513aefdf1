import { escapeText } from "../../dashboard/escape-text.ts";
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
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeText(line)}</title><style>${REPORT_STYLE}</style></head><body>`,
    `<h1>Rescue drill</h1><p class="soft">${escapeText(drill.drillId)} · ${escapeText(drill.startedAt)} to ${escapeText(drill.endedAt)} · run by ${escapeText(drill.operator)}</p>`,
    `<div class="verdict${passed ? "" : " failed"}"><b>${escapeText(line)}</b><br>${checks.length - broken.length} of ${checks.length} checks hold.</div>`,
    broken.length > 0 ? `<h2>What did not hold</h2>${checkTable(broken)}` : "",
    figures(drill),
    ...drill.scenarios.map((scenario) => scenarioSection(scenario, screens)),
    footer(drill),
    "</body></html>\n",
  ].join("\n");
}

function figures(drill: DrillResult): string {
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
  return `<div class="figures">${boxes.map(([value, what]) => `<div><b>${escapeText(value)}</b>${escapeText(what)}</div>`).join("")}</div>`;
}

function scenarioSection(scenario: ScenarioResult, screens: ReadonlyMap<string, Uint8Array>): string {
  const head = scenario.ledgerHead;
  return `<section><h2>${escapeText(scenario.name)}: ${escapeText(scenario.title)}</h2><p>${escapeText(scenario.objective)}</p><p class="soft">Firmware ${escapeText(scenario.firmware.name)}: ${escapeText(scenario.firmware.title)}. Network ${escapeText(scenario.network.name)}: ${escapeText(scenario.network.title)}.</p>
${scenario.devices.map((device) => deviceSection(device, screens.get(`${scenario.folder}/${device.screen}`))).join("\n")}
<h3>Checks</h3>${checkTable(scenario.checks)}
<p class="soft">Ledger: ${head === null ? "none" : `${head.seq} entries, head <code>${escapeText(head.hash)}</code>`}</p>
<details><summary>Station's story (${scenario.stationMoments.length} lines)</summary>${momentTable(scenario.stationMoments)}</details>
<details><summary>Files of this run (${scenario.artifacts.length})</summary><table><tr><th>File</th><th>Bytes</th><th>SHA-256</th></tr>${scenario.artifacts
    .map(
      ({ file, bytes, sha256 }) =>
        `<tr><td class="mono">${escapeText(file)}</td><td>${bytes}</td><td class="mono">${escapeText(sha256)}</td></tr>`,
    )
    .join("")}</table></details></section>`;
}

function deviceSection(device: DeviceResult, picture: Uint8Array | undefined): string {
  const image =
    picture === undefined
      ? ""
      : `<figure><img alt="What the screen of ${escapeText(device.name)} showed" src="data:image/png;base64,${Buffer.from(picture).toString("base64")}"><figcaption>The screen of ${escapeText(device.name)} during the rescue.</figcaption></figure>`;
  const keys = device.keyProtectorIdsReleased.join(", ") || "none";
  const changes = device.changes
    .map(
      ({ path, change, to }) =>
        `<tr><td>${change}</td><td class="mono">${escapeText(path)}${to === null ? "" : ` → ${escapeText(to)}`}</td></tr>`,
    )
    .join("");
  return `<h3>${escapeText(device.name)}</h3>
<p><b class="${device.outcome === device.expected ? "good" : "bad"}">${escapeText(device.outcome)}</b> (expected: ${escapeText(device.expected)}) · ${escapeText(device.volume)} · ${escapeText(device.mac)} · serial ${escapeText(device.serial)}</p>
${devicePicture(device)}
<table><tr><th>Recovery passwords released for</th><td class="mono">${escapeText(keys)}</td></tr>
<tr><th>Crashes seen before, healthy boots after</th><td>${device.crashesSeen}, ${device.healthyBootsSeen}</td></tr>
<tr><th>Received over the network</th><td>${(device.bytesToDevice / 1e6).toFixed(1)} MB</td></tr></table>
<table><tr><th>Change on its disk</th><th>File</th></tr>${changes || '<tr><td colspan="2">none</td></tr>'}</table>
${image}
<details${device.outcome === device.expected ? "" : " open"}><summary>Its story (${device.moments.length} lines)</summary>${momentTable(device.moments)}</details>`;
}

function checkTable(checks: readonly Check[]): string {
  const rows = checks.map(({ device, title, passed, evidence }) => {
    const word = passed ? '<td class="word good">holds</td>' : '<td class="word bad">DOES NOT HOLD</td>';
    return `<tr>${word}<td>${device === null ? "" : `<b>${escapeText(device)}</b>: `}${escapeText(title)}</td><td class="soft">${escapeText(evidence)}</td></tr>`;
  });
  return `<table class="checks"><tr><th></th><th>What had to hold</th><th>What shows it</th></tr>${rows.join("")}</table>`;
}

function momentTable(moments: readonly Moment[]): string {
  const rows = moments.map(
    ({ at, mark, text }) =>
      `<tr><td class="time">${(at / 1000).toFixed(1)} s</td><td class="${mark}">${escapeText(text)}</td></tr>`,
  );
  return `<table>${rows.join("")}</table>`;
}

function footer({ tool, lab, remedy, images }: DrillResult): string {
  const rows: [string, string][] = [
    ["breakglass", tool.version],
    ["Lab", `${lab.qemu}, ${lab.acceleration}, ${lab.processors} processors a device`],
    ["Remedy", `${remedy.id} (SHA-256 ${remedy.sha256})`],
    ...images.map(({ architecture, driverSet, manifestSha256 }): [string, string] => [
      `Recovery image ${architecture}`,
      `driver set ${driverSet}, manifest SHA-256 ${manifestSha256}`,
    ]),
  ];
  return `<h2>Made with</h2><table>${rows.map(([what, value]) => `<tr><th>${what}</th><td class="mono">${escapeText(value)}</td></tr>`).join("")}</table>
<p class="soft">Not shown by a drill in emulation: real firmware of network cards, TPM unsealing after a repair, Windows itself. See docs/threat-model.md and docs/field-notes.md.</p>`;
}
