export function coveragePage(..._: unknown[]): string {
  return "";
}
