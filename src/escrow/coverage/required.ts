/** How many devices have to be covered, and how many too few are. */
export interface Requirement {
  /** As it was asked for, in thousandths of a percent: 99500. */
  readonly thousandths: number;
  readonly devices: number;
  readonly short: number;
}

/** `99.5`, `99,5` or `99.5%` in thousandths of a percent; null if it is no percentage from 0 to 100. */
export function parsePercent(text: string): number | null {
  const [, whole, fraction = ""] = /^(\d{1,3})(?:[.,](\d{1,3}))?\s*%?$/.exec(text.trim()) ?? [];
  if (whole === undefined) return null;
  const thousandths = Number(whole) * 1000 + Number(fraction.padEnd(3, "0"));
  return thousandths <= 100_000 ? thousandths : null;
}

/** A percentage of devices, rounded up to whole ones: 99.5 % of 150 are 150. */
export function required(
  thousandths: number,
  counts: { readonly devices: number; readonly covered: number },
): Requirement {
  const devices = Math.ceil((thousandths * counts.devices) / 100_000);
  return { thousandths, devices, short: Math.max(0, devices - counts.covered) };
}

/** `96.24`, `100`: cut, not rounded, so that 100 means all and 99.50 is never said of less. */
export function percentText(part: number, whole: number): string {
  if (whole > 0 && part === whole) return "100";
  return whole === 0 ? "0" : (Math.floor((part * 10_000) / whole) / 100).toFixed(2);
}

export function thousandthsText(thousandths: number): string {
  return String(thousandths / 1000);
}
