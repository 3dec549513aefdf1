/**
 * Rows under their headings, columns aligned, for a terminal. Cells may hold text that devices or exports sent, so
 * control characters (a terminal would obey them) and bidirectional overrides are shown as U+FFFD.
 */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, ...rows].map((row) => row.map(printable));
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => [...(line[column] ?? "")].length)));
  const pad = (cell: string, column: number) => cell + " ".repeat(widths[column]! - [...cell].length);
  return lines.map((line) => `${line.map(pad).join("  ").trimEnd()}\n`).join("");
}

/** The text with what a terminal would act on made visible. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, "\ufffd");
}

/** A time for people, UTC: `2024-07-19 04:09:00Z`. */
export function formatTime(milliseconds: number): string {
  return new Date(milliseconds)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z");
}
