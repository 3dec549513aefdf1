import type { AgeBand, StateCounts } from "../escrow/coverage/coverage.ts";
import type { CoverageState } from "../escrow/coverage/finding.ts";
import { type Html, html } from "./html.ts";

const WIDTH = 960;
const STATES: readonly CoverageState[] = ["covered", "doubtful", "missing"];

/** Hatching, so that doubtful is told from covered on a printer without colours, too. */
const hatch = () =>
  html`<defs><pattern id="late" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="doubtful" width="8" height="8" /><path class="late-line" d="M0 0v8" stroke-width="2" /></pattern></defs>`;

/** Covered, doubtful and missing devices as one bar. */
export function stateBar(counts: StateCounts): Html {
  const label = STATES.map((state) => `${counts[state]} ${state}`).join(", ");
  return html`<svg viewBox="0 0 ${WIDTH} 40" role="img" aria-label="${label}">${hatch()}${segments(counts, WIDTH, 40)}</svg>`;
}

/** The same small, for one row of a table. */
export function siteBar(counts: StateCounts): Html {
  const label = STATES.map((state) => `${counts[state]} ${state}`).join(", ");
  return html`<svg viewBox="0 0 400 12" role="img" aria-label="${label}">${segments(counts, 400, 12)}</svg>`;
}

/** One device of ten thousand is still to be seen. */
const LEAST = 4;

function segments(counts: StateCounts, width: number, height: number): Html[] {
  const present = STATES.filter((state) => counts[state] > 0);
  const spare = width - present.length * LEAST;
  let x = 0;
  return present.map((state) => {
    const wide = LEAST + (spare * counts[state]) / counts.devices;
    const rect = html`<rect class="${state === "doubtful" ? "late" : state}" x="${round(x)}" width="${round(wide)}" height="${height}"><title>${counts[state]} ${state}</title></rect>`;
    x += wide;
    return rect;
  });
}

const AGE_HEIGHT = 150;
const TOP = 22;

/** How old the newest password of each device is. Bands that are wholly past `maxAgeDays` are hatched. */
export function agePicture(ages: readonly AgeBand[], maxAgeDays: number | null): Html {
  const most = Math.max(1, ...ages.map(({ devices }) => devices));
  const step = WIDTH / ages.length;
  const bars = ages.map((band, index) => {
    const { devices, fromDays } = band;
    const height = devices === 0 ? 0 : Math.max(2, (devices / most) * AGE_HEIGHT);
    const late = maxAgeDays !== null && fromDays >= maxAgeDays;
    const middle = round(index * step + step / 2);
    const top = round(TOP + AGE_HEIGHT - height);
    return html`
      <rect class="${late ? "late" : "plain"}" x="${round(index * step + 14)}" y="${top}" width="${round(step - 28)}" height="${round(height)}" />
      <text x="${middle}" y="${round(top - 7)}">${grouped(devices)}</text>
      <text class="soft" x="${middle}" y="${TOP + AGE_HEIGHT + 20}">${bandText(band)}</text>
    `;
  });
  const line = html`<path d="M0 ${TOP + AGE_HEIGHT}.5h${WIDTH}" stroke="var(--line)" />`;
  const label = ages.map((band) => `${bandText(band)}: ${band.devices}`).join(", ");
  return html`<svg viewBox="0 0 ${WIDTH} ${TOP + AGE_HEIGHT + 30}" role="img" aria-label="${label}">${hatch()}${bars}${line}</svg>`;
}

function bandText({ fromDays, toDays }: AgeBand): string {
  if (toDays === null) return `over ${fromDays / 365} years`;
  if (fromDays === 0) return `under ${toDays} days`;
  return toDays <= 365 ? `${fromDays} to ${toDays} days` : `${fromDays / 365} to ${toDays / 365} years`;
}

/** 12,345: the same in every country's settings. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
