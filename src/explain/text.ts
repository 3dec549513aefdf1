/** A stranger's text as it may stand on an operator's terminal: escape sequences and all else but ASCII spelled out. */
export function plainText(text: string, longest = 255): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}...` : text;
  return cut.replace(/[^ -~]/g, (odd) => `\\x${odd.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** `1 frame`, `2 frames`, `1,234 frames`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${grouped(number)} ${number === 1 ? one : many}`;
}

/** 1234567 as `1,234,567`. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Milliseconds as seconds, to the millisecond: `1.250 s`. */
export function seconds(milliseconds: number): string {
  return `${(Math.max(0, milliseconds) / 1000).toFixed(3)} s`;
}
