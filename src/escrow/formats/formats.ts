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
