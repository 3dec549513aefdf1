import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Real bytes with their decoded form beside them: `what:` one line, `bytes:` hexadecimal, `decoded:` text. */
export interface Capture {
  readonly name: string;
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly decoded: string;
}

export function readCapture(folder: string, name: string): Capture {
  const text = readFileSync(join(import.meta.dirname, "golden", folder, `${name}.txt`), "utf8");
  const found = /^what: (.+)\nbytes:\n([0-9a-f \n]+)decoded:\n(.+)$/s.exec(text);
  if (found === null) throw new Error(`golden/${folder}/${name}.txt is not a capture`);
  const [, what, hex, decoded] = found;
  return { name, what: what!, bytes: new Uint8Array(Buffer.from(hex!.replace(/\s/g, ""), "hex")), decoded: decoded! };
}

export function readCaptures(folder: string): Capture[] {
  const files = readdirSync(join(import.meta.dirname, "golden", folder)).sort();
  return files.map((file) => readCapture(folder, file.replace(/\.txt$/, "")));
}
