import { html, htmlPage } from "../../dashboard/html.ts";
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
    const word = holds ? html`<td class="word good">holds</td>` : html`<td class="word bad">DOES NOT HOLD</td>`;
    return html`<tr>${word}<td>${title}</td><td class="soft">${evidence}</td></tr>`;
  });
  const made: [string, string][] = [
    ["breakglass", result.version],
    ["Station", `--loads ${loads}${bandwidth === null ? "" : ` --bandwidth ${bandwidth}`}`],
    ["Its network card", line === null ? "as fast as this machine" : `${line} Mbit/s`],
    ["Remedy", result.remedy],
    ["Recovery image", `manifest SHA-256 ${result.imageSha256}`],
  ];
  return htmlPage(verdict, REPORT_STYLE, [
    html`<h1>Rescue drill: ${devices.length} synthetic devices</h1><p class="soft">${result.startedAt} to ${result.endedAt} · run by ${result.operator}</p>`,
    html`<div class="verdict${passed ? "" : " failed"}"><b>${verdict}</b><br>${checks.filter((each) => each.passed).length} of ${checks.length} checks hold.</div>`,
    html`<div class="figures">${boxes.map(([value, what]) => html`<div><b>${value}</b>${what}</div>`)}</div>`,
    plot([curve], "devices rescued over time"),
    html`<h2>Checks</h2><table class="checks"><tr><th></th><th>What had to hold</th><th>What shows it</th></tr>${rows}</table>`,
    html`<h2>Made with</h2><table>${made.map(([what, value]) => html`<tr><th>${what}</th><td class="mono">${value}</td></tr>`)}</table>`,
    html`<p class="soft">A synthetic device speaks every protocol of a rescue and loads every byte, but has no firmware, kernel or disk: add theirs to these seconds.</p>`,
  ]);
}
