/**
 * Refuses what would not survive as canonical JSON in every language: numbers that are not safe integers (languages
 * print fractions differently), text with half a surrogate pair, keys outside ASCII (their sort order differs), and
 * anything that is not plain data, a Secret above all. A TypeError here is a defect in the caller.
 */
export function assertPlain(value: unknown, path: string): void {
  if (value === null || typeof value === "boolean") return;
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new TypeError(`${path}: numbers in the ledger are whole`);
    return;
  }
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new TypeError(`${path}: text in the ledger is well-formed Unicode`);
    return;
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) assertPlain(item, `${path}[${index}]`);
    return;
  }
  if (typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype)
    throw new TypeError(`${path}: only plain data goes into the ledger`);
  for (const [key, item] of Object.entries(value)) {
    if (!/^[\x20-\x7e]+$/.test(key)) throw new TypeError(`${path}: keys in the ledger are ASCII`);
    assertPlain(item, `${path}.${key}`);
  }
}
