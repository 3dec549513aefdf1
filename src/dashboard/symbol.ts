import { type Html, html } from "./html.ts";

/** A symbol that a scanner reads, as dark and light modules; each row has as many as every other. */
interface Symbol2d {
  readonly width: number;
  readonly rows: readonly (readonly boolean[])[];
}

/** Light modules around the symbol, without which scanners do not find it (ISO/IEC 18004 section 5.3.8: four). */
const QUIET = 4;

/** QR code (ISO/IEC 18004), error correction level M: a seventh of it may be damaged. */
export async function qrCode(text: string): Promise<Symbol2d> {
  const { default: bwip } = await import("bwip-js");
  const [symbol] = bwip.raw("qrcode", text, "eclevel=M");
  if (symbol === undefined || !("pixs" in symbol)) throw new Error("no QR code for this text");
  const { pixs, pixx, pixy } = symbol;
  const rows = Array.from({ length: pixy }, (_, row) =>
    Array.from({ length: pixx }, (_, column) => pixs[row * pixx + column] === 1),
  );
  return { width: pixx, rows };
}

/** Code 128 (ISO/IEC 15417), which handheld scanners type as a keyboard does. One row of bars. */
export async function code128(text: string): Promise<Symbol2d> {
  const { default: bwip } = await import("bwip-js");
  const [symbol] = bwip.raw("code128", text, "");
  if (symbol === undefined || !("sbs" in symbol)) throw new Error("no Code 128 for this text");
  // Widths of bars and spaces in turn, beginning with a bar.
  const row = symbol.sbs.flatMap((width, index) => Array<boolean>(width).fill(index % 2 === 0));
  return { width: row.length, rows: [row] };
}

/** As SVG, `modulePx` pixels a module; a single row is drawn as bars `barPx` high. */
export function symbolSvg({ width, rows }: Symbol2d, modulePx: number, barPx = 80): Html {
  const height = rows.length === 1 ? barPx / modulePx : rows.length;
  const dark = rows.flatMap((row, y) =>
    row.flatMap((is, x) => (is ? [`M${x + QUIET} ${y + QUIET}h1v${rows.length === 1 ? height : 1}h-1z`] : [])),
  );
  const [w, h] = [width + 2 * QUIET, height + 2 * QUIET];
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${w * modulePx}" height="${h * modulePx}" viewBox="0 0 ${w} ${h}" shape-rendering="crispEdges">
    <rect width="${w}" height="${h}" fill="#fff" />
    <path fill="#000" d="${dark.join("")}" />
  </svg>`;
}

/** For a terminal, dark on light whatever its colours are: two rows of modules to a line; bars are `barLines` high. */
export function symbolText({ width, rows }: Symbol2d, barLines = 4): string {
  const light = Array<boolean>(width + 2 * QUIET).fill(false);
  const framed = rows.map((row) => [...light.slice(0, QUIET), ...row, ...light.slice(0, QUIET)]);
  const bars = rows.length === 1;
  const all = bars
    ? [light, light, ...Array.from({ length: 2 * barLines }, () => framed[0]!), light, light]
    : [...Array(QUIET).fill(light), ...framed, ...Array(QUIET).fill(light)];
  if (all.length % 2 === 1) all.push(light);
  const lines = [];
  for (let y = 0; y < all.length; y += 2)
    lines.push(
      `\u001b[30;107m${light.map((_, x) => HALVES[all[y]![x] ? 1 : 0]![all[y + 1]![x] ? 1 : 0]).join("")}\u001b[0m`,
    );
  return `${lines.join("\n")}\n`;
}

const HALVES = [
  [" ", "\u2584"],
  ["\u2580", "\u2588"],
];
