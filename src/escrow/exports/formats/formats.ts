import { shownName } from "../export-file.ts";
import { passwordShapes, plainText } from "../plain-text.ts";
import { adLdif } from "./ad-ldif.ts";
import { headingsOf } from "./csv.ts";
import { CSV_EXPORTS } from "./csv-exports.ts";
import type { Format } from "./format.ts";
import { TEXT_FORMATS } from "./free-text.ts";
import { graph } from "./graph.ts";

/** Every form in which recovery passwords come, told by how a file begins: the strictest first. */
export const FORMATS: readonly Format[] = [graph, ...CSV_EXPORTS, adLdif, ...TEXT_FORMATS];

/** The format of a file that begins so, or null. */
export function recogniseFormat(head: string): Format | null {
  // A table whose headings nobody knows is not text: its device would be lost, and another column's ID be taken.
  const isTable = headingsOf(head) !== null || lacksHeader(head);
  const formats = isTable ? FORMATS.filter((format) => !TEXT_FORMATS.includes(format)) : FORMATS;
  return formats.find((format) => format.recognise(head)) ?? null;
}

/** What to do about a file that begins so and is none. */
export function whenUnrecognised(head: string): string {
  if (lacksHeader(head))
    return "Its first line is a recovery password already: put its header above it, such as KeyID,RecoveryKey.";
  const headings = headingsOf(head);
  if (headings !== null) {
    const names = headings.slice(0, 20).map((name) => `"${shownName(name)}"`);
    return `Its columns are ${names.join(", ")}. Say which mean what: --columns id=NAME,password=NAME,device=NAME`;
  }
  if (head.includes("\0")) return "It is not text. Export it as text: CSV, LDIF or JSON.";
  return "Look into docs/formats/exports.md for the forms it knows, or name one with --format.";
}

/** True for a table that begins with a row. */
function lacksHeader(head: string): boolean {
  const first = plainText(head.split("\n", 1)[0]!);
  return /[0-9a-f]{8}(-[0-9a-f]{4}){3}/i.test(first) && /[,;\t|]/.test(first) && passwordShapes(first).length > 0;
}
