import { type Html, html } from "../../dashboard/html.ts";
import type { DeviceResult, Span } from "./result.ts";

const COLOURS: Readonly<Record<Span["is"], string>> = {
  crashing: "#b3261e",
  firmware: "#8a8f98",
  loading: "#5b7fa6",
  rescue: "#1f5fa8",
  waiting: "#b8860b",
  healthy: "#2e7d32",
  off: "#e4e6ea",
};

const WIDTH = 960;
const LEFT = 24;

/**
 * One device's drill as a bar over time: what it was doing when. Colour is never the only sign: each stretch that has
 * room carries its word, and all of them have it as a tooltip and in the legend under the bar.
 */
export function devicePicture(device: DeviceResult): Html | null {
  const spans = device.spans.filter(({ from, to }) => to > from);
  if (spans.length === 0) return null;
  const start = Math.min(...spans.map(({ from }) => from));
  const end = Math.max(...spans.map(({ to }) => to));
  const scale = (WIDTH - 2 * LEFT) / Math.max(1, end - start);
  const x = (at: number) => Math.round((LEFT + (at - start) * scale) * 10) / 10;
  const bars = spans.map(({ from, to, is, label }) => {
    const width = Math.round((x(to) - x(from)) * 10) / 10;
    const seconds = ((to - from) / 1000).toFixed(1);
    const title = html`<title>${label}: ${seconds} s</title>`;
    const box = html`<rect x="${x(from)}" y="8" width="${Math.max(width, 1)}" height="30" fill="${COLOURS[is]}"/>`;
    const room = width > label.length * 7 + 8;
    const ink = is === "off" ? "#444" : "#fff";
    const word = room ? html`<text x="${x(from) + width / 2}" y="28" fill="${ink}">${label}</text>` : "";
    return html`<g>${title}${box}${word}</g>`;
  });
  const step = niceStep((end - start) / 1000);
  const ticks: Html[] = [];
  for (let second = 0; second * 1000 <= end - start; second += step) {
    const at = x(start + second * 1000);
    ticks.push(html`<path d="M${at} 38v5" stroke="#888"/><text x="${at}" y="56" fill="#555">${second} s</text>`);
  }
  return html`<svg class="bar" viewBox="0 0 ${WIDTH} 62" role="img" aria-label="${device.name} over time">${bars}${ticks}</svg>`;
}

/** A round number of seconds that gives about ten ticks. */
function niceStep(seconds: number): number {
  return [1, 2, 5, 10, 20, 30, 60, 120, 300, 600].find((step) => seconds / step <= 12) ?? 1800;
}
