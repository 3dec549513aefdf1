import { statSync } from "node:fs";
import { basename, join } from "node:path";
import { fileSha256 } from "../image/debian.ts";
import { copyToPrivateFile, makePrivateFolder } from "./report/private-file.ts";

interface Artifact {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Copies what a scenario wrote down to the report's folder; says of each file how long it is and its digest. */
export async function keepArtifacts(files: readonly string[], folder: string): Promise<Artifact[]> {
  makePrivateFolder(folder);
  const kept: Artifact[] = [];
  for (const file of files) {
    const bytes = statSync(file, { throwIfNoEntry: false })?.size;
    if (bytes === undefined) continue;
    copyToPrivateFile(file, join(folder, basename(file)));
    const name = `${basename(folder)}/${basename(file)}`;
    kept.push({ file: name, bytes, sha256: await fileSha256(file) });
  }
  return kept;
}
