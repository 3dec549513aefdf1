import { medianOf, OURS, type RowResult } from "./rows.ts";

const [WIDTH, LABEL, VALUE, BAR, GAP] = [760, 150, 150, 18, 6];

const escaped = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** Bars, one panel for each row: medians, the longest bar of a panel as wide as there is room. */
export function picture(title: string, rows: readonly RowResult[]): string {
  const parts: string[] = [];
  let y = 34;
  for (const { row, servers } of rows) {
    const values = Object.entries(servers).map(([name, samples]) => [name, medianOf(samples)] as const);
    const most = Math.max(...values.map(([, value]) => value));
    y += 26;
    parts.push(`<text x="16" y="${y}" font-weight="bold">${escaped(`${row.title}, ${row.unit}`)}</text>`);
    y += 10;
    for (const [name, value] of values) {
      const width = (((WIDTH - LABEL - VALUE) * value) / most).toFixed(1);
      const [middle, colour] = [y + BAR - 5, name === OURS ? "#b3261e" : "#8a9099"];
      parts.push(
        `<text x="${LABEL - 8}" y="${middle}" text-anchor="end">${escaped(name)}</text>`,
        `<rect x="${LABEL}" y="${y}" width="${width}" height="${BAR}" fill="${colour}"/>`,
        `<text x="${LABEL + Number(width) + 6}" y="${middle}">${figure(value)}</text>`,
      );
      y += BAR + GAP;
    }
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 14}" font-family="sans-serif" font-size="13">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${y + 14}" fill="#fff"/>`,
    `<text x="16" y="28" font-size="17">${escaped(title)}</text>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

/** Three digits that count, however large. */
export function figure(value: number): string {
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}
