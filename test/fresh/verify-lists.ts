/**
 * The lines of `dpkg --verify` that are in `after` and not in `before`: files of packages that changed or vanished in
 * between. What was so before counts for nothing.
 */
export function newlyChanged(before: string, after: string): string[] {
  const known = new Set(linesOf(before));
  return linesOf(after).filter((line) => !known.has(line));
}

function linesOf(list: string): string[] {
  return list.split("\n").filter((line) => line.trim() !== "");
}
