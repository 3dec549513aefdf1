import { deviceNameOf } from "../../../fleet/device-name.ts";
import { MalformedError } from "../../../wire/malformed.ts";
import { Secret } from "../../../wire/secret.ts";
import { Unreadable } from "../export-file.ts";
import type { ExportRow, FoundItem } from "../export-row.ts";
import { word } from "../text/words.ts";
import { csvFormat } from "./csv.ts";
import type { Chunks, Format } from "./format.ts";
import { type JsonObject, objectsIn } from "./json-objects.ts";
import { rowOf } from "./raw-row.ts";
import { listOf } from "./several.ts";

/** Which columns of a table, or which names of a JSON text, an operator says to hold what. */
export interface ChosenColumns {
  readonly id: string;
  readonly password: string;
  readonly device: string | null;
  readonly serial: string | null;
}

const PARTS = /(?:^|,)(id|password|device|serial)=((?:(?!,(?:id|password|device|serial)=).)+)/g;

/** `id=NAME,password=NAME,device=NAME,serial=NAME` of `--columns`; the last two may be left out. Throws MalformedError. */
export function parseColumns(text: string): ChosenColumns {
  const found = new Map([...text.matchAll(PARTS)].map(([, part, name]) => [part!, name!.trim()]));
  const rest = text.replaceAll(PARTS, "");
  const [id, password] = [found.get("id"), found.get("password")];
  if (rest !== "" || !id || !password)
    throw new MalformedError("it does not read id=NAME,password=NAME,device=NAME,serial=NAME");
  return { id, password, device: found.get("device") ?? null, serial: found.get("serial") ?? null };
}

/**
 * A table or a JSON text with the columns that an operator chose. In JSON a name may be a path from the outermost object,
 * such as `volumes.recovery.key`; lists count for nothing in it.
 */
export function chosenFormat(columns: ChosenColumns): Format {
  const { id, password, device, serial } = columns;
  const csv = csvFormat({
    name: "columns",
    what: "a table or JSON with the columns that --columns says",
    header: [device, serial, id, password].filter((each) => each !== null).join(","),
    columns: {
      protectorId: [word(id)],
      password: [word(password)],
      deviceName: device === null ? [] : [word(device)],
      serial: serial === null ? [] : [word(serial)],
    },
    needed: [
      ...["protectorId", "password"],
      ...(device === null ? [] : ["deviceName"]),
      ...(serial === null ? [] : ["serial"]),
    ],
    row: (cells) =>
      rowOfCells(cells.protectorId!, cells.password!, [cells.deviceName ?? "", cells.serial ?? ""], columns),
  });
  return {
    ...csv,
    recognise: () => true,
    rows: (chunks, context) =>
      startingWith(chunks, (first, all) =>
        first === "{" || first === "[" ? jsonRows(all, columns) : csv.rows(all, context),
      ),
  };
}

function rowOfCells(
  protectorId: string,
  password: string,
  [device, serial]: readonly [string, string],
  { id, password: called }: ChosenColumns,
) {
  const raw = { protectorId, password, deviceName: deviceNameOf(device), serial: serial.trim(), directory: null };
  return rowOf(raw, { protectorId: `"${id}"`, password: `"${called}"` });
}

async function* startingWith(
  chunks: Chunks,
  rows: (first: string, all: Chunks) => AsyncGenerator<FoundItem>,
): AsyncGenerator<FoundItem> {
  const held: Uint8Array[] = [];
  const source = (async function* () {
    yield* chunks;
  })();
  let first = "";
  while (first === "") {
    const next = await source.next();
    if (next.done) break;
    held.push(next.value);
    // In UTF-16, too: the other byte of such a letter is zero.
    first = Buffer.from(next.value)
      .toString("latin1")
      .replace(/[\s\0\u00ef\u00bb\u00bf\u00fe\u00ff]+/g, "")
      .charAt(0);
  }
  const all = (async function* () {
    yield* held;
    yield* source;
  })();
  yield* rows(first, all);
}

/** `line` is the number of the recovery password in the file, 1 for the first. */
async function* jsonRows(chunks: Chunks, columns: ChosenColumns): AsyncGenerator<FoundItem> {
  const paths = {
    id: pathOf(columns.id),
    password: pathOf(columns.password),
    device: pathOf(columns.device ?? ""),
    serial: pathOf(columns.serial ?? ""),
  };
  const last = new Set(Object.values(paths).map((path) => path.at(-1)));
  const names = new Set<string>();
  let line = 0;
  let waiting: JsonObject[] = [];
  const release = function* (): Generator<FoundItem> {
    for (const object of waiting) for (const row of rowsOf(object, paths, columns)) yield { ...row, line: ++line };
    waiting = [];
  };
  try {
    for await (const object of objectsIn(chunks, (name) => last.has(name), names)) {
      waiting.push(object);
      if (object.depth <= 1 || waiting.length > 1000) yield* release();
    }
    yield* release();
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    yield* release();
    const detail = `${error.what}: was it copied to its end?`;
    yield { line: ++line, row: { reason: "cut-off", detail, protectorId: null } };
  }
  if (line > 0) return;
  throw new Unreadable(
    `is JSON in which no object has "${columns.password}"`,
    "Give its names as they stand there, or as a path, such as --columns id=volumes.keyId,password=volumes.key",
  );
}

type Paths = Readonly<Record<"id" | "password" | "device" | "serial", readonly string[]>>;

function pathOf(name: string): string[] {
  return name.split(".").map(word);
}

function rowsOf(object: JsonObject, paths: Paths, columns: ChosenColumns): Omit<ExportRow, "line">[] {
  const password = own(object, paths.password);
  if (password === null) return [];
  const around = [object, ...object.above];
  const find = (path: readonly string[]) =>
    around.map((each) => own(each, path)).find((value) => value !== null && value !== "") ?? "";
  const passwords = listOf(password, "password");
  const ids = passwords.length < 2 ? [find(paths.id)] : listOf(find(paths.id), "id");
  const of = new Secret(password);
  if (ids.length !== passwords.length) {
    const detail = `it has ${passwords.length} recovery passwords and ${ids.length} key protector IDs`;
    return passwords.map(() => ({ row: { reason: "ambiguous-record", detail, protectorId: null } as const, of }));
  }
  const device = columns.device === null ? "" : find(paths.device);
  const serial = columns.serial === null ? "" : find(paths.serial);
  return passwords.map((each, index) => ({ row: rowOfCells(ids[index]!, each, [device, serial], columns), of }));
}

/** The member that the path names, if this object stands at the path's end; null if it has none. */
function own({ members, path }: Pick<JsonObject, "members" | "path">, named: readonly string[]): string | null {
  const [name, above] = [named.at(-1)!, named.slice(0, -1)];
  const stands = above.every((each, index) => path[path.length - above.length + index] === each);
  return stands ? (members.get(name) ?? null) : null;
}
