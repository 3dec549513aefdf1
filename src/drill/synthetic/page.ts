import { escapeText } from "../../dashboard/escape-text.ts";
import { REPORT_STYLE } from "../report/style.ts";
import { plot } from "./plot.ts";
import { rescuedAt, type SyntheticResult, syntheticVerdict, timesOf } from "./result.ts";

/** `report.html` of a drill with synthetic devices: one page that needs nothing from outside. */
export function syntheticPage(result: SyntheticResult): string {
  const { checks, devices, records, station, loads, bandwidth, line } = result;
  const { passed, line: verdict } = syntheticVerdict(result);
  const { first, p50, p95, all } = timesOf(records);
  const curve = { label: `${loads} load at once`, rescuedAt: rescuedAt(records), devices: devices.length };
  const seconds = (value: number | null) => (value === null ? "–" : `${value.toFixed(1)} s`);
  const boxes: [string, string][] = [
    [`${curve.rescuedAt.length} of ${devices.length}`, "synthetic devices rescued"],
    [seconds(first), "to the first rescued"],
    [seconds(p50), "to half of them"],
    [seconds(p95), "to 95 %"],
    [seconds(all), "to all"],
    [`${station.cpuSeconds.toFixed(1)} s`, "processor time of the station"],
    [`${(station.peakBytes / 1e6).toFixed(0)} MB`, "most memory of the station"],
    [`${result.ledgerEntries}`, "ledger entries"],
  ];
  const rows = checks.map(({ title, passed: holds, evidence }) => {
    const word = holds ? '<td class="word good">holds</td>' : '<td class="word bad">DOES NOT HOLD</td>';
    return `<tr>${word}<td>${escapeText(title)}</td><td class="soft">${escapeText(evidence)}</td></tr>`;
  });
  const made: [string, string][] = [
    ["breakglass", result.version],
    ["Station", `--loads ${loads}${bandwidth === null ? "" : ` --bandwidth ${bandwidth}`}`],
    ["Its network card", line === null ? "as fast as this machine" : `${line} Mbit/s`],
    ["Remedy", result.remedy],
    ["Recovery image", `manifest SHA-256 ${result.imageSha256}`],
  ];
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeText(verdict)}</title><style>${REPORT_STYLE}</style></head><body>`,
    `<h1>Rescue drill: ${devices.length} synthetic devices</h1><p class="soft">${escapeText(result.startedAt)} to ${escapeText(result.endedAt)} · run by ${escapeText(result.operator)}</p>`,
    `<div class="verdict${passed ? "" : " failed"}"><b>${escapeText(verdict)}</b><br>${checks.filter((each) => each.passed).length} of ${checks.length} checks hold.</div>`,
    `<div class="figures">${boxes.map(([value, what]) => `<div><b>${escapeText(value)}</b>${escapeText(what)}</div>`).join("")}</div>`,
    plot([curve], "devices rescued over time"),
    `<h2>Checks</h2><table class="checks"><tr><th></th><th>What had to hold</th><th>What shows it</th></tr>${rows.join("")}</table>`,
    `<h2>Made with</h2><table>${made.map(([what, value]) => `<tr><th>${what}</th><td class="mono">${escapeText(value)}</td></tr>`).join("")}</table>`,
    '<p class="soft">A synthetic device speaks every protocol of a rescue and loads every byte, but has no firmware, kernel or disk: add theirs to these seconds.</p>',
    "</body></html>\n",
  ].join("\n");
}
