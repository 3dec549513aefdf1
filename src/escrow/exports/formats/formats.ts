import { adLdif } from "./ad-ldif.ts";
import { CSV_EXPORTS } from "./csv-exports.ts";
import type { Format } from "./format.ts";
import { graph } from "./graph.ts";
import { manageBde, recoveryFile } from "./id-then-password.ts";
import { adScript, graphText } from "./labelled-text.ts";

/** Every form in which recovery passwords come, told by how a file begins: the strictest first. */
export const FORMATS: readonly Format[] = [graph, ...CSV_EXPORTS, adLdif, adScript, graphText, manageBde, recoveryFile];

/** The format of a file that begins so, or null. */
export function recogniseFormat(head: string): Format | null {
  return FORMATS.find((format) => format.recognise(head)) ?? null;
}

/** What to do about a file that begins so and is none. */
export function whenUnrecognised(head: string): string {
  const first = head.split("\n", 1)[0]!;
  if (/[0-9a-f]{8}(-[0-9a-f]{4}){3}/i.test(first) && /(?:[0-9]{6}-){7}/.test(first))
    return "Its first line is a recovery password already: put its header above it, such as KeyID,RecoveryKey.";
  if (head.includes("\0")) return "It is not text. Export it as text: CSV, LDIF or JSON.";
  return "Look into docs/formats/exports.md for the forms it knows, or name one with --format.";
}
