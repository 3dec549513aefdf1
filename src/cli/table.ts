/**
 * Rows under their headings, columns aligned, for a terminal. With a `width` in columns, the last column is broken
 * between words to fit, below the row if there is too little room beside it. Cells may hold text that devices or
 * exports sent, so control characters (a terminal would obey them) and bidirectional overrides are shown as U+FFFD.
 */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  width = Number.POSITIVE_INFINITY,
): string {
  const lines = [headings, ...rows].map((row) => row.map(printable));
  const last = headings.length - 1;
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => lengthOf(line[column] ?? ""))));
  const indent = widths.slice(0, last).reduce((sum, each) => sum + each + 2, 0);
  const fits = indent + widths[last]! <= width;
  const beside = width - indent >= LEAST_BESIDE;
  return lines
    .map((line) => {
      const start = line.slice(0, last).map((cell, column) => cell + " ".repeat(widths[column]! - lengthOf(cell) + 2));
      const cell = line[last] ?? "";
      if (fits) return `${(start.join("") + cell).trimEnd()}\n`;
      const from = beside ? indent : BELOW;
      const parts = wrap(cell, width - from);
      const first = beside || (parts.length <= 1 && indent + lengthOf(cell) <= width) ? (parts.shift() ?? "") : "";
      return [start.join("") + first, ...parts.map((part) => " ".repeat(from) + part)]
        .map((text) => `${text.trimEnd()}\n`)
        .join("");
    })
    .join("");
}

/** A last column narrower than this is easier to read below its row. */
const LEAST_BESIDE = 28;
const BELOW = 6;

const lengthOf = (text: string) => [...text].length;

/** Breaks at spaces, and in the middle of words that are longer than a line. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const before = lines.at(-1);
    if (before !== undefined && lengthOf(before) + 1 + lengthOf(word) <= width) lines.push(`${lines.pop()} ${word}`);
    else
      for (let rest = [...word]; rest.length > 0; rest = rest.slice(width)) lines.push(rest.slice(0, width).join(""));
  }
  return lines;
}

const FURTHER_IN = 4;

/** One line as several that fit `width`, broken between words; all but the first begin further in than the line does. */
export function folded(text: string, width: number): string[] {
  if (lengthOf(text) <= width) return [text];
  const indent = text.length - text.trimStart().length;
  const parts = wrap(text.trimStart(), Math.max(LEAST_BESIDE, width - indent - FURTHER_IN));
  return parts.map((part, index) => " ".repeat(index === 0 ? indent : indent + FURTHER_IN) + part);
}

/** The columns of the terminal that standard output is; a file or a pipe has no end of line. */
export function terminalWidth(): number {
  return process.stdout.isTTY ? Math.max(process.stdout.columns, 40) : Number.POSITIVE_INFINITY;
}

/** The text with what a terminal would act on made visible. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, "\ufffd");
}

/** A count of things: `1 row`, `2 rows`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** A time for people, UTC: `2024-07-19 04:09:00Z`. */
export function formatTime(milliseconds: number): string {
  return new Date(milliseconds)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z");
}

/** How long ago, for people: `40 min`, `5 h`, `12 days`. */
export function formatAge(milliseconds: number): string {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}
