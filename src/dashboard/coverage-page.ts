import type { CoverageReport } from "../escrow/coverage/coverage.ts";
import { type DeviceCoverage, otherFindings } from "../escrow/coverage/device.ts";
import { FINDINGS, type FindingText } from "../escrow/coverage/finding.ts";
import { percentText, type Requirement, thousandthsText } from "../escrow/coverage/required.ts";
import { coverageWarnings } from "../escrow/coverage/warning.ts";
import { agePicture, grouped, siteBar, stateBar } from "./coverage-picture.ts";
import { COVERAGE_STYLE } from "./coverage-style.ts";
import { type Html, html, htmlPage } from "./html.ts";

/** What an auditor needs beside the figures: what was checked, by whom, with what, and where the ledger says so. */
export interface CoverageAbout {
  /** The inventory file's name, and its bytes' SHA-256. */
  readonly inventory: string;
  readonly inventorySha256: string;
  readonly vaultId: string;
  readonly actor: string;
  readonly station: string;
  readonly version: string;
  readonly requirement: Requirement | null;
  readonly entry: { readonly seq: number; readonly hash: string };
}

/** The coverage report as one self-contained page without scripts. The same values give the same bytes. */
export function coveragePage(report: CoverageReport, about: CoverageAbout): string {
  const title = `Escrow coverage: ${percentText(report.covered, report.devices)} % of ${about.inventory}`;
  return htmlPage(title, COVERAGE_STYLE, [
    html`<h1>Escrow coverage</h1>`,
    html`<p class="soft">Would every device's BitLocker recovery password be there? Checked ${time(report.at)} by ${about.actor} on ${about.station}.</p>`,
    verdict(report, about),
    ...warnings(report),
    stateBar(report),
    legend(report),
    findingsTable(report),
    ages(report),
    sites(report),
    lists(report),
    footer(report, about),
  ]);
}

function verdict(report: CoverageReport, { inventory, requirement }: CoverageAbout): Html {
  const { covered, devices } = report;
  const is = requirement === null ? "" : requirement.short === 0 ? " reached" : " short";
  const asked =
    requirement === null
      ? ""
      : html`<br>Required: ${thousandthsText(requirement.thousandths)} %, ${some(requirement.devices)}. <strong>${requirement.short === 0 ? "Reached." : `Short by ${some(requirement.short)}.`}</strong>`;
  return html`<div class="verdict${is}"><b>${percentText(covered, devices)} %</b><div>${grouped(covered)} of ${some(devices)} in ${inventory} covered.${asked}</div></div>`;
}

function legend(report: CoverageReport): Html {
  const meaning = {
    covered: "a plausible recovery password, and no doubt",
    doubtful: "there is one, but somebody should look before the day",
    missing: "no rescue without calling somebody",
  };
  const items = (["covered", "doubtful", "missing"] as const).map(
    (state) =>
      html`<li><i class="${state}"></i><strong>${grouped(report[state])} ${state}</strong> <span class="soft">${meaning[state]}</span></li>`,
  );
  return html`<ul class="legend">${items}</ul>`;
}

function findingsTable(report: CoverageReport): Html {
  const rows = FINDINGS.flatMap(({ is, state, title, next }) => {
    const { devices } = report.findings.find((each) => each.is === is)!;
    if (devices === 0) return [];
    const word = state === "covered" ? "note" : state;
    return [
      html`<tr><td class="number">${grouped(devices)}</td><td class="word is-${state}">${word}</td><td>${title}<br><span class="soft">${next}</span></td></tr>`,
    ];
  });
  if (rows.length === 0) return html`<h2>What was found</h2><p>Nothing to look at.</p>`;
  const head = html`<tr><th class="number">Devices</th><th></th><th>What, and what to do</th></tr>`;
  const several = html`<p class="soft">A device can be in several of these rows; it is listed below under its worst.</p>`;
  return html`<h2>What was found</h2><table class="findings"><thead>${head}</thead><tbody>${rows}</tbody></table>${several}`;
}

function warnings(report: CoverageReport): Html[] {
  return coverageWarnings(report).map((each) => html`<p class="caution"><strong>Caution.</strong> ${each}</p>`);
}

function ages({ ages: bands, maxAgeDays, agedByImport }: CoverageReport): Html {
  const limit = maxAgeDays === null ? "" : ` Older than ${maxAgeDays} days counts as doubtful (hatched).`;
  const guessed =
    agedByImport === 0
      ? ""
      : ` For ${some(agedByImport)} no export says when it was escrowed; the import's date stands in.`;
  return html`<section class="keep"><h2>Age of the newest password</h2><p class="soft">Devices with a plausible password, by its age.${limit}${guessed}</p>${agePicture(bands, maxAgeDays)}</section>`;
}

function sites({ sites: all }: CoverageReport): Html | null {
  if (all.length === 0) return null;
  const rows = all.map((counts) => {
    const { site, devices, covered, doubtful, missing } = counts;
    return html`<tr><td class="name">${site === null ? html`<span class="soft">no site</span>` : site}</td><td class="bar wide">${siteBar(counts)}</td><td class="number">${percentText(covered, devices)} %</td><td class="number">${grouped(devices)}</td><td class="number wide">${grouped(doubtful)}</td><td class="number">${grouped(missing)}</td></tr>`;
  });
  const head = html`<tr><th>Site</th><th class="wide"></th><th class="number">Covered</th><th class="number">Devices</th><th class="number wide">Doubtful</th><th class="number">Missing</th></tr>`;
  return html`<h2>By site, the worst first</h2><table><thead>${head}</thead><tbody>${rows}</tbody></table>`;
}

function lists({ list }: CoverageReport): Html {
  const groups = Map.groupBy(list, ({ findings: [worst] }) => worst?.is ?? null);
  const sections = FINDINGS.flatMap((finding) => {
    const devices = groups.get(finding.is);
    return devices === undefined ? [] : [section(finding, devices)];
  });
  const clear = groups.get(null) ?? [];
  const names = clear.map((each) => html`<span>${nameOf(each)} <span class="soft">${each.newestDays} d</span></span>`);
  const summary = `${some(clear.length)} covered with nothing to say (name, age of the newest password)`;
  const rest = html`<details><summary>${summary}</summary><div class="names">${names}</div></details>`;
  const noted = FINDINGS.filter(({ state }) => state === "covered").flatMap(({ is }) => groups.get(is) ?? []);
  return html`<h2>The devices</h2>${sections}${clear.length === 0 ? null : rest}${notPrinted(clear.length + noted.length)}`;
}

/** Paper has the devices that somebody has to look at; the covered ones would be most of a ream. */
function notPrinted(devices: number): Html | null {
  if (devices === 0) return null;
  return html`<p class="on-paper soft">Not printed: ${some(devices)} covered. This page on a screen lists them.</p>`;
}

function section({ state, title }: FindingText, devices: readonly DeviceCoverage[]): Html {
  const table = deviceTable(devices);
  if (state === "covered")
    return html`<details><summary>${some(devices.length)} covered, with a note: ${title}</summary>${table}</details>`;
  return html`<h3><span class="word is-${state}">${state}</span> · ${title} (${grouped(devices.length)})</h3>${table}`;
}

function deviceTable(devices: readonly DeviceCoverage[]): Html {
  const has = (field: "serial" | "site" | "ring") => devices.some((device) => device[field] !== null);
  const optional = (["site", "ring", "serial"] as const).filter(has);
  const headings = { serial: "Serial", site: "Site", ring: "Ring" };
  const head = html`<tr><th>Device</th>${optional.map((field) => html`<th class="wide">${headings[field]}</th>`)}<th class="number">Newest</th><th class="number wide">Line</th><th>What</th></tr>`;
  const rows = devices.map((device) => {
    const [worst] = device.findings;
    const others = otherFindings(device);
    const also = others === "" ? "" : html` <span class="soft">also ${others}</span>`;
    const cells = optional.map((field) => html`<td class="wide">${device[field]}</td>`);
    const age = device.newestDays === null ? "–" : `${device.newestDays} d`;
    return html`<tr><td class="name">${nameOf(device)}</td>${cells}<td class="number">${age}</td><td class="number wide">${device.lines[0]}</td><td>${worst?.detail ?? ""}${also}</td></tr>`;
  });
  return html`<table><thead>${head}</thead><tbody>${rows}</tbody></table>`;
}

function nameOf({ name }: DeviceCoverage): Html | string {
  return name === null ? html`<span class="soft">no name</span>` : name;
}

function footer(report: CoverageReport, about: CoverageAbout): Html {
  const { deposits, unlisted, unnamed, unnamedWithDeviceId } = report.vault;
  const rows: [string, string][] = [
    ["Inventory", `${about.inventory}, SHA-256 ${about.inventorySha256}`],
    ["Vault", about.vaultId],
    ["Ledger entry (coverage.checked)", `${about.entry.seq}:${about.entry.hash}`],
    ["breakglass", about.version],
  ];
  const volumes =
    report.volumeUnknown === 0
      ? ""
      : ` For ${some(report.volumeUnknown)} no export says which volume the password is for; it was taken for the one Windows starts from.`;
  return html`<section class="keep"><h2>What this shows, and what it does not</h2>
<p>Covered: the vault holds a recovery password that is well formed (Windows' own check digits), that the export files under this device's name or device ID, and that is not for a data volume alone.${volumes} No volume was opened with it: only the device can prove that. The vault stayed sealed, and no recovery password was read.</p>
<p>The vault holds ${grouped(deposits)} deposits: ${grouped(unlisted)} for devices that this inventory does not list, ${grouped(unnamed)} without any device name (${grouped(unnamedWithDeviceId)} of them with a device ID), which nobody can match.</p>
<table>${rows.map(([what, value]) => html`<tr><th>${what}</th><td class="mono">${value}</td></tr>`)}</table>
<div class="sign"><span>Reviewed by</span><span>Date</span><span>Actions agreed</span></div></section>`;
}

function some(devices: number): string {
  return `${grouped(devices)} ${devices === 1 ? "device" : "devices"}`;
}

function time(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
