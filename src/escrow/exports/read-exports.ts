import { type ExportFile, type FileProblem, shownName, Unreadable } from "./export-file.ts";
import type { ExportItem } from "./export-row.ts";
import { foreignFile } from "./foreign-file.ts";
import type { Chunks, Format, FormatName } from "./formats/format.ts";
import { recogniseFormat, whenUnrecognised } from "./formats/formats.ts";
import { encodingOf } from "./text-chunks.ts";
import { zipFiles } from "./zip-files.ts";

export interface ReadOptions {
  /** What every file is said to be; null to recognise each. */
  readonly format: Format | null;
  /** Told of each file that is read, before its first row. */
  readonly onFile?: (file: string, format: FormatName) => void;
  /** Told of each file that is not, or not to its end. The others are read. */
  readonly onProblem: (problem: FileProblem) => void;
}

const HEAD = 65_536;
/** Standard input cannot be read twice, which a zip needs: so much of one is taken into memory. */
const MOST_BUFFERED = 256 * 1_048_576;

/** The recovery passwords of files and of zips among them, one file after the other. */
export async function* exportItems(
  files: AsyncIterable<ExportFile | FileProblem> | Iterable<ExportFile | FileProblem>,
  options: ReadOptions,
): AsyncGenerator<ExportItem> {
  for await (const file of files) {
    if ("what" in file) options.onProblem(file);
    else yield* itemsOf(file, options, false);
  }
}

async function* itemsOf(file: ExportFile, options: ReadOptions, inZip: boolean): AsyncGenerator<ExportItem> {
  const name = shownName(file.name);
  const problem = (what: string, next: string) => options.onProblem({ file: name, what, next });
  try {
    const { head, all } = await peek(file.open());
    const isZip = /^PK(\x03\x04|\x05\x06|\x07\x08)/.test(Buffer.from(head.subarray(0, 4)).toString("latin1"));
    if (isZip && inZip) return problem("is a zip within a zip", "Unpack the outer one, and import the inner one.");
    if (isZip) return yield* zipItems(file, all, options);
    const foreign = head.length === 0 ? EMPTY : foreignFile(head);
    if (foreign !== null) return problem(foreign.what, foreign.next);
    const text = new TextDecoder(encodingOf(head)).decode(head);
    const format = options.format ?? recogniseFormat(text);
    if (format === null) return problem("is not an export that breakglass knows", whenUnrecognised(text));
    options.onFile?.(name, format.name);
    const context = { file: name, deviceName: file.isOneOfMany ? deviceNameOfFile(file.name) : null };
    for await (const item of format.rows(all, context)) yield file.isOneOfMany ? { ...item, file: name } : item;
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    problem(error.what, error.next);
  }
}

const EMPTY = { what: "is empty", next: "Export it again: it lost its content on the way." };

async function* zipItems(file: ExportFile, all: Chunks, options: ReadOptions): AsyncGenerator<ExportItem> {
  const zip = file.path ?? (await bufferOf(all));
  if (typeof zip === "string") await close(all);
  for await (const entry of zipFiles(zip)) {
    const prefix = file.isOneOfMany ? `${file.name}/` : "";
    if ("what" in entry) options.onProblem({ ...entry, file: shownName(prefix + entry.file) });
    else if (!isLeftByTheSystem(entry.name)) yield* itemsOf({ ...entry, name: prefix + entry.name }, options, true);
  }
}

async function bufferOf(chunks: Chunks): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    length += chunk.length;
    if (length > MOST_BUFFERED)
      throw new Unreadable("is a zip of more than 256 MiB", "Import it as a file, not through a pipe.");
  }
  return Buffer.concat(parts);
}

/** The first bytes, and all of them from the start. */
async function peek(chunks: Chunks): Promise<{ head: Uint8Array; all: AsyncGenerator<Uint8Array> }> {
  const rest = (async function* () {
    yield* chunks;
  })();
  const parts: Uint8Array[] = [];
  for (let length = 0; length < HEAD; ) {
    const next = await rest.next();
    if (next.done) break;
    parts.push(next.value);
    length += next.value.length;
  }
  const all = (async function* () {
    try {
      yield* parts;
      yield* rest;
    } finally {
      await rest.return(undefined);
    }
  })();
  return { head: Buffer.concat(parts).subarray(0, HEAD), all };
}

async function close(chunks: Chunks): Promise<void> {
  for await (const _ of chunks) return;
}

/** What Windows and macOS leave in folders and zips. */
export function isLeftByTheSystem(path: string): boolean {
  return /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|__MACOSX\/.*|\._[^/]*|~\$[^/]*)$/i.test(path);
}

/** A folder of one file per device names them so; `keys.txt` and `bitlocker.txt` are no device's name. */
function deviceNameOfFile(path: string): string | null {
  const stem = /([^/]*?)(?:\.[A-Za-z]{2,4})?$/.exec(path)?.[1] ?? "";
  return /^(?=.*[0-9-])[A-Za-z0-9][A-Za-z0-9-]{0,14}$/.test(stem) ? stem : null;
}
