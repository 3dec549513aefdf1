import { Secret } from "../../../wire/secret.ts";
import { Unreadable } from "../export-file.ts";
import type { ExportRow, FoundItem, Reject } from "../export-row.ts";
import { linesOf } from "../lines.ts";
import { passwordShapes, plainText } from "../plain-text.ts";
import { deviceSaidBy, devicesOf } from "../text/device.ts";
import { type Pair, pairsOf } from "../text/pair.ts";
import { cutRecords, type TextRecord } from "../text/record.ts";
import { goesOn, type TextLine, textLine } from "../text/token.ts";
import { ID_WORDS, PASSWORD_WORDS } from "../text/words.ts";
import type { Chunks, Format, FormatContext } from "./format.ts";
import { guidOrNull, rowOf } from "./raw-row.ts";
import { timeInName } from "./recovery-object.ts";

// Text for people to read, of whatever program and in whatever language. Nothing here goes by the order in which an ID
// and a password stand, but by the records that the text itself shows.

/** A text of so many lines is not for people to read, and all of it is needed to see how it is cut. */
const MOST_LINES = 4_000_000;

/** What tells the kinds of text apart, and what their programs call things. */
interface TextKind {
  readonly name: Format["name"];
  readonly what: string;
  readonly recognise: (head: string) => boolean;
  readonly directory: string | null;
  readonly called: { readonly protectorId: string; readonly password: string };
  /** True where every ID of the text has to have a password. */
  readonly everyIdHasOne: boolean;
  /** True where the program says a device's name before its keys. */
  readonly namesFirst: boolean;
}

const ID = /(?<![0-9a-f-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f-])/i;
const CALLED = { protectorId: "the identifier", password: "the recovery password" };

const KINDS: readonly TextKind[] = [
  {
    name: "ad-script",
    what: "Microsoft's VBScript for Active Directory, or PowerShell's list of its objects, text",
    recognise: (head) => /^\s*msFVE-Recovery(Guid|Password)\s*[:=]/im.test(head),
    directory: "ActiveDirectory",
    called: { protectorId: "its name", password: "msFVE-RecoveryPassword" },
    everyIdHasOne: true,
    namesFirst: true,
  },
  {
    name: "graph-text",
    what: "Microsoft's PowerShell script for Entra, text",
    recognise: (head) => /^\s*Device name:/im.test(head) && /^\s*Key id:|^\s*No BitLocker recovery keys/im.test(head),
    directory: "Entra",
    called: { protectorId: "Key id", password: "BitLocker recovery key" },
    everyIdHasOne: true,
    namesFirst: true,
  },
  {
    name: "manage-bde",
    what: "manage-bde -protectors -get, PowerShell's list of key protectors, in any language",
    recognise: (head) => /\{[0-9a-f-]{36}\}/i.test(head) && passwordShapes(plainText(head)).length > 0,
    directory: null,
    called: CALLED,
    everyIdHasOne: false,
    namesFirst: false,
  },
  {
    name: "recovery-file",
    what: "a saved or printed BitLocker Recovery Key file, or any text of an ID and its recovery password",
    recognise: (head) =>
      passwordShapes(plainText(head)).length > 0 || new RegExp(`^\\s*${ID.source}\\s*$`, "im").test(head),
    directory: null,
    called: CALLED,
    everyIdHasOne: false,
    namesFirst: false,
  },
];

/** The kinds of text, the strictest first. */
export const TEXT_FORMATS: readonly Format[] = KINDS.map((kind) => ({
  name: kind.name,
  what: kind.what,
  recognise: kind.recognise,
  rows: (chunks, context) => textRows(chunks, context, kind),
}));

async function* textRows(chunks: Chunks, context: FormatContext, kind: TextKind): AsyncGenerator<FoundItem> {
  const lines = await readLines(chunks);
  const records = cutRecords(lines);
  const devices = devicesOf(records, kind.namesFirst);
  const pairs = idOfFile(pairsOf(records), context.file, kind);
  const rows = pairs.map((pair) => ({
    line: pair.line,
    row: rowOfPair(pair, records[pair.record]!, devices[pair.record] ?? context.deviceName, context, kind),
    of: new Secret(pair.password),
  }));
  const silent = records.flatMap((record) => withoutPassword(record, kind));
  const all = [...rows, ...silent].sort((one, two) => one.line - two.line);
  if (all.length > 0) yield* all;
  else if (kind.name === "recovery-file") {
    const detail = "it has no whole recovery password: was it copied to its end?";
    const id = records.flatMap(({ ids }) => ids)[0]?.text ?? ID.exec(context.file)?.[0] ?? "";
    yield { line: 1, row: { reason: "cut-off", detail, protectorId: guidOrNull(id) } };
  }
}

async function readLines(chunks: Chunks): Promise<TextLine[]> {
  const lines: TextLine[] = [];
  let held: { number: number; text: string } | null = null;
  for await (const { number, text } of linesOf(chunks)) {
    if (lines.length > MOST_LINES)
      throw new Unreadable("is a text of more than four million lines", "Cut it into several files, between records.");
    const whole: string | null = held === null || text === null ? null : goesOn(held.text, text);
    if (whole !== null) {
      lines.push(textLine(held!.number, whole));
      held = null;
      continue;
    }
    if (held !== null) lines.push(textLine(held.number, held.text));
    held = { number, text: text ?? "" };
  }
  if (held !== null) lines.push(textLine(held.number, held.text));
  return lines;
}

/** Windows' own file is named after its key protector: that counts where the file itself says no ID at all. */
function idOfFile(pairs: readonly Pair[], file: string, { name }: TextKind): readonly Pair[] {
  const id = ID.exec(file)?.[0];
  const [only] = pairs;
  if (name !== "recovery-file" || id === undefined || pairs.length !== 1 || only!.id !== null) return pairs;
  return only!.refused?.reason === "no-protector-id" ? [{ ...only!, id, refused: null }] : pairs;
}

function rowOfPair(
  { id, password, refused }: Pair,
  record: TextRecord,
  deviceName: string | null,
  context: FormatContext,
  { called, directory }: TextKind,
): ExportRow["row"] {
  // Without an ID the device is all that says whose it is: a name further above may be another one's, whose line is lost.
  const said = deviceSaidBy(record) ?? context.deviceName;
  const byDevice = refused?.reason === "no-protector-id" && deviceName !== null && said === deviceName;
  if (id === null && byDevice) return rowOf({ protectorId: first8Of(record), password, deviceName, directory }, called);
  if (id === null) return { ...refused!, protectorId: null };
  const name = record.lines.find(({ ids }) => ids.some(({ namesObject }) => namesObject))?.value ?? "";
  return rowOf({ protectorId: id, password, deviceName, directory, createdAt: timeInName(name) }, called);
}

/** What a recovery screen shows, and people write down: 8 characters under a label for an ID; "" if no one line has it. */
function first8Of({ lines, passwords }: TextRecord): string {
  const said = lines.filter(
    ({ label, value }) => label !== null && ID_WORDS.has(label) && /^[0-9a-f]{8}$/i.test(value),
  );
  return passwords.length === 1 && said.length === 1 ? said[0]!.value : "";
}

const NOT_FOUND = {
  reason: "no-password",
  detail: "the directory has no recovery password for this device",
  protectorId: null,
} as const satisfies Reject;

/** A record that says it is of a recovery password and has none: an ID, an empty password, or "none found". */
function withoutPassword({ ids, passwords, lines }: TextRecord, kind: TextKind): ExportRow[] {
  const none = lines.filter(({ value }) => /^no bitlocker recovery keys? found/i.test(value));
  const rows: ExportRow[] = none.map(({ number }) => ({ line: number, row: NOT_FOUND }));
  if (passwords.length > 0 || ids.length === 0) return rows;
  const empty = lines.find(({ label }) => label !== null && PASSWORD_WORDS.has(label));
  const isNumerical = lines.some(({ label, value }) => /type$/.test(label ?? "") && /^RecoveryPassword$/i.test(value));
  if (!kind.everyIdHasOne && !isNumerical) return rows;
  const { text } = ids[0]!;
  const raw = { protectorId: text, password: empty?.value ?? "", deviceName: null, directory: null };
  rows.push({ line: empty?.number ?? ids[0]!.line, row: rowOf(raw, kind.called) });
  return rows;
}
