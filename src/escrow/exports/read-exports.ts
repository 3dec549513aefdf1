import { deviceOfPath } from "./device-of-path.ts";
import { type ExportFile, type FileProblem, shownName, Unreadable } from "./export-file.ts";
import type { ExportItem } from "./export-row.ts";
import { foreignFile } from "./foreign-file.ts";
import type { Chunks, Format, FormatName } from "./formats/format.ts";
import { recogniseFormat, whenUnrecognised } from "./formats/formats.ts";
import { LostPasswords } from "./lost-passwords.ts";
import { headText } from "./text-chunks.ts";
import { WORKBOOK, zipFiles } from "./zip-files.ts";

interface ReadOptions {
  /** What every file is said to be; null to recognise each. */
  readonly format: Format | null;
  /** Told of each file that is read, before its first row. */
  readonly onFile?: (file: string, format: FormatName) => void;
  /** Told of each file after its last row: how many rows it had, and how many devices of a list. */
  readonly onEnd?: (file: string, found: { readonly rows: number; readonly devices: number }) => void;
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
  const pages = new Pages();
  for await (const file of files) {
    if ("what" in file) options.onProblem(file);
    else yield* itemsOf(file, options, pages, false);
  }
  for (const problem of pages.missing()) options.onProblem(problem);
}

async function* itemsOf(
  file: ExportFile,
  options: ReadOptions,
  pages: Pages,
  inZip: boolean,
): AsyncGenerator<ExportItem> {
  const name = shownName(file.name);
  const problem = (what: string, next: string) => options.onProblem({ file: name, what, next });
  try {
    const { head, all } = await peek(file.open());
    const isZip = /^PK(\x03\x04|\x05\x06|\x07\x08)/.test(Buffer.from(head.subarray(0, 4)).toString("latin1"));
    if (isZip && inZip) return problem("is a zip within a zip", "Unpack the outer one, and import the inner one.");
    if (isZip && /\.xls[xmb]$/i.test(file.name)) return problem(WORKBOOK.what, WORKBOOK.next);
    if (isZip) return yield* zipItems(file, all, options, pages);
    const foreign = head.length === 0 ? EMPTY : foreignFile(head);
    if (foreign !== null) return problem(foreign.what, foreign.next);
    const text = headText(head);
    const format = options.format ?? recogniseFormat(text);
    if (format === null) return problem("is not an export that breakglass knows", whenUnrecognised(text));
    options.onFile?.(name, format.name);
    const context = { file: name, deviceName: file.isOneOfMany ? deviceOfPath(file.name) : null };
    const place = file.isOneOfMany ? { file: name } : {};
    const lost = new LostPasswords();
    const found = format.rows(watched(all, lost), context);
    let [rows, devices, isPage] = [0, 0, false];
    for await (const item of found) {
      if ("row" in item) rows += 1;
      if ("page" in item) [isPage] = [true, pages.see(name, item.page)];
      else if ("trouble" in item) problem(item.trouble.what, item.trouble.next);
      else if ("device" in item) {
        devices += 1;
        yield { ...item, ...place };
      } else {
        lost.placed(item);
        yield { line: item.line, row: item.row, ...place };
      }
    }
    if (rows > 0 && !isPage && format.name === "graph") pages.seeBare();
    const unplaced = lost.lost();
    for (const line of unplaced) yield { line, row: UNPLACED, ...place };
    options.onEnd?.(name, { rows: rows + unplaced.length, devices });
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    problem(error.what, error.next);
  }
}

const UNPLACED = {
  reason: "unplaced-password",
  detail: "what looks like a recovery password stands here, in no row or record of the export",
  protectorId: null,
} as const;

async function* watched(chunks: Chunks, lost: LostPasswords): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    lost.see(chunk);
    yield chunk;
  }
}

/** Of an answer in pages the last one has no link to another. They may come in any order, in one file or in many. */
class Pages {
  readonly #of = new Map<string, { file: string; last: boolean }>();
  #bare = false;

  see(file: string, { of, goesOn }: { readonly of: string; readonly goesOn: boolean }): void {
    const known = this.#of.get(of);
    this.#of.set(of, { file: goesOn ? file : (known?.file ?? file), last: (known?.last ?? false) || !goesOn });
  }

  /** An answer that says of itself neither what it is of nor whether it goes on: it may be the last page of any. */
  seeBare(): void {
    this.#bare = true;
  }

  missing(): FileProblem[] {
    if (this.#bare) return [];
    return [...this.#of.values()].flatMap(({ file, last }) =>
      last ? [] : [{ file, what: "is a page that another one follows, and its last page is missing", next: FOLLOW }],
    );
  }
}

const FOLLOW = "Ask again, follow @odata.nextLink to the end, and import all pages together.";

const EMPTY = { what: "is empty", next: "Export it again: the file has no content." };

async function* zipItems(
  file: ExportFile,
  all: Chunks,
  options: ReadOptions,
  pages: Pages,
): AsyncGenerator<ExportItem> {
  const zip = file.path ?? (await bufferOf(all));
  if (typeof zip === "string") await close(all);
  for await (const entry of zipFiles(zip)) {
    const prefix = file.isOneOfMany ? `${file.name}/` : "";
    if ("what" in entry) options.onProblem({ ...entry, file: shownName(prefix + entry.file) });
    else if (!isLeftByTheSystem(entry.name))
      yield* itemsOf({ ...entry, name: prefix + entry.name }, options, pages, true);
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
