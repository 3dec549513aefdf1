import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readCaptures } from "../capture-file.ts";
import { readVectors } from "../vector-file.ts";

export const root = join(import.meta.dirname, "..", "..");

/** Real packets and hostile ones, as the other tests have them. */
export function packetsOf(folder: "dhcp" | "tftp"): Uint8Array[] {
  return [...readCaptures(folder), ...readVectors(folder)].map(({ bytes }) => bytes);
}

/** A file of this project, as a seed. */
export function fileOf(...path: string[]): Uint8Array {
  return new Uint8Array(readFileSync(join(root, ...path)));
}
