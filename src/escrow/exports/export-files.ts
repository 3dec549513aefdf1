import { createReadStream, type Dirent, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { type ExportFile, type FileProblem, shownName, Unreadable } from "./export-file.ts";
import { isLeftByTheSystem } from "./read-exports.ts";

/** The file at `path`, or every file below that folder, in order of their names. Links are not followed. */
export function* exportFiles(path: string): Generator<ExportFile | FileProblem> {
  const stats = statSync(path);
  // A pipe (`<(age -d keys.zip.age)`) is read once, from its beginning, as standard input is.
  const seekable = stats.isFile() ? path : null;
  if (stats.isDirectory()) yield* filesBelow(path, "");
  else yield { name: basename(path), isOneOfMany: false, path: seekable, open: () => contentOf(path) };
}

function* filesBelow(root: string, folder: string): Generator<ExportFile | FileProblem> {
  let entries: Dirent[];
  try {
    entries = readdirSync(join(root, folder), { withFileTypes: true });
  } catch (error) {
    yield {
      file: shownName(folder),
      what: `cannot be listed: ${(error as Error).message}`,
      next: "Check who may read it.",
    };
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
    const path = join(root, name);
    if (entry.isDirectory()) yield* filesBelow(root, name);
    else if (isLeftByTheSystem(name)) continue;
    else if (entry.isFile()) yield { name, isOneOfMany: true, path, open: () => contentOf(path) };
    else
      yield { file: shownName(name), what: "is a link or a device, not a file", next: "Copy the file itself there." };
  }
}

/** The bytes of a stream from outside; what goes wrong with it is said as Unreadable. */
export async function* contentOf(from: string | NodeJS.ReadableStream): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of typeof from === "string" ? createReadStream(from) : from) yield chunk as Uint8Array;
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    // Whoever stops an import closes the pipe that it reads.
    if (code === "ERR_STREAM_PREMATURE_CLOSE") return;
    if (syscall === undefined) throw error;
    const cause = CAUSES[code ?? ""] ?? code;
    throw new Unreadable(
      `cannot be read to its end: ${cause}`,
      "Copy it to this machine and import it again: what is in the vault stays.",
    );
  }
}

const CAUSES: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EIO: "the disk reports an error",
  ENOENT: "it is gone",
};
