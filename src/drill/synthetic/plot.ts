import { type Html, html, styleSheet } from "../../dashboard/html.ts";

/** One curve: when each device was rescued, in order; milliseconds. */
interface Curve {
  readonly label: string;
  readonly rescuedAt: readonly number[];
  readonly devices: number;
}

const WIDTH = 960;
const HEIGHT = 400;
const LEFT = 64;
const RIGHT = 24;
const TOP = 20;
const BOTTOM = 48;
/** Told apart by stroke as well as by colour. */
const STROKES = [
  { colour: "#1f5fa8", dash: "" },
  { colour: "#b3261e", dash: "8 5" },
  { colour: "#2e7d32", dash: "2 4" },
] as const;
/** A curve is drawn with so many points at the most: a thousand devices make no better picture. */
const POINTS = 300;

/** Devices rescued over time as a drawing that needs nothing from outside. The same curves give the same bytes. */
export function plot(curves: readonly Curve[], title: string): Html {
  const end = Math.max(1, ...curves.flatMap(({ rescuedAt }) => rescuedAt.at(-1) ?? 0)) / 1000;
  const most = Math.max(1, ...curves.map(({ devices }) => devices));
  const x = (seconds: number) => round(LEFT + (seconds / end) * (WIDTH - LEFT - RIGHT));
  const y = (count: number) => round(HEIGHT - BOTTOM - (count / most) * (HEIGHT - TOP - BOTTOM));
  const across = ticks(end).map(
    (at) =>
      html`<path d="M${x(at)} ${TOP}V${HEIGHT - BOTTOM}" stroke="#8884"/><text x="${x(at)}" y="${HEIGHT - BOTTOM + 18}">${at} s</text>`,
  );
  const up = ticks(most).map(
    (at) =>
      html`<path d="M${LEFT} ${y(at)}H${WIDTH - RIGHT}" stroke="#8884"/><text x="${LEFT - 8}" y="${y(at) + 4}" style="text-anchor:end">${at}</text>`,
  );
  const lines = curves.map(({ label, rescuedAt }, index) => {
    const { colour, dash } = STROKES[index % STROKES.length]!;
    const step = Math.max(1, Math.ceil(rescuedAt.length / POINTS));
    const points = rescuedAt.flatMap((at, done) =>
      done % step === 0 || done === rescuedAt.length - 1 ? [`${x(at / 1000)} ${y(done + 1)}`] : [],
    );
    const stroke = html`stroke="${colour}" stroke-width="2.5"${dash === "" ? "" : html` stroke-dasharray="${dash}"`}`;
    const at = TOP + 18 + index * 20;
    return [
      points.length === 0 ? "" : html`<path d="M${points.join("L")}" fill="none" ${stroke}/>`,
      html`<path d="M${LEFT + 14} ${at - 4}h34" fill="none" ${stroke}/>`,
      html`<text x="${LEFT + 56}" y="${at}" style="text-anchor:start">${label}</text>`,
    ];
  });
  const axes = html`<path d="M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}" fill="none" stroke="#888"/>`;
  const caption = html`<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 10}">${title}</text>`;
  const style = styleSheet("text{font:13px system-ui,sans-serif;text-anchor:middle;fill:#777}");
  const view = html`viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}"`;
  return html`<svg xmlns="http://www.w3.org/2000/svg" class="bar" ${view}>${style}${across}${up}${axes}${lines}${caption}</svg>`;
}

/** Round numbers from 0 up to `end`, about eight of them. */
function ticks(end: number): number[] {
  const raw = end / 8;
  const magnitude = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((each) => each * magnitude).find((each) => each >= raw)!;
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => round(index * step));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
