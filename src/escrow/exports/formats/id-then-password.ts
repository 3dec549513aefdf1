import type { ExportItem } from "../export-row.ts";
import { linesOf } from "../lines.ts";
import type { Chunks, Format, FormatContext } from "./format.ts";
import { guidOrNull, rowOf } from "./raw-row.ts";

// What Windows prints about key protectors is in the language of the machine, so nothing here goes by words: a GUID,
// then 48 digits on a line of their own, or after `label:`.

const ID = /(?<![0-9a-f-])([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![0-9a-f-])/i;
/** Eight groups, or digits enough to be meant as such. What stands before them is a label, in any script. */
const PASSWORD = /^(?:[^0-9{}]{0,80}[:：])?\s*((?:[0-9A-Za-z]{6}-){7}[0-9A-Za-z]{6}|[0-9](?:[0-9 -]{22,100})[0-9])\s*$/;
const BOTH = new RegExp(
  `${ID.source}[\\s\\S]{0,4000}?(?:^|\\n|[:：])\\s*(?:[0-9]{6}[- ]?){7}[0-9]{6}\\s*(?:\\n|\\r|$)`,
  "i",
);

/** A file that was cut off still has its identifier on a line of its own. */
const ALONE = new RegExp(`^\\s*${ID.source}\\s*$`, "im");

/** `manage-bde -protectors -get` of one volume or many, of one computer or many; PowerShell's list of protectors. */
export const manageBde: Format = {
  name: "manage-bde",
  what: "manage-bde -protectors -get, in any language",
  recognise: (head) => /\{[0-9a-f-]{36}\}/i.test(head) && BOTH.test(head),
  rows: manageBdeRows,
};

/** The file that Windows saves or prints: "BitLocker Recovery Key <GUID>.TXT". */
export const recoveryFile: Format = {
  name: "recovery-file",
  what: "a saved or printed BitLocker Recovery Key file",
  recognise: (head) => BOTH.test(head) || ALONE.test(head),
  rows: recoveryFileRows,
};

const CALLED = { protectorId: "the identifier", password: "the recovery password" };

/** Other kinds of protector have an ID and no password: they are no rows. */
async function* manageBdeRows(chunks: Chunks, context: FormatContext): AsyncGenerator<ExportItem> {
  let id: string | null = null;
  let deviceName: string | null = null;
  let isNew = false;
  for await (const { number: line, text } of linesOf(chunks)) {
    const name = computerNameOf(text ?? "");
    // The tool's banner begins the output of another computer, unless that one's name has just been said.
    if (name === null && /Microsoft Corporation/.test(text ?? "") && !isNew) deviceName = null;
    if (name !== null) [deviceName, isNew] = [name, true];
    const found = ID.exec(text ?? "");
    if (found !== null) [id, isNew] = [found[1]!, false];
    const password = PASSWORD.exec(text ?? "")?.[1];
    if (password === undefined) continue;
    yield { line, row: rowOfPair(id, password, deviceName ?? context.deviceName) };
    id = null;
  }
}

async function* recoveryFileRows(chunks: Chunks, { file, deviceName }: FormatContext): AsyncGenerator<ExportItem> {
  let id: string | null = null;
  let rows = 0;
  for await (const { number: line, text } of linesOf(chunks)) {
    id = ID.exec(text ?? "")?.[1] ?? id;
    const password = PASSWORD.exec(text ?? "")?.[1];
    if (password === undefined) continue;
    rows += 1;
    yield { line, row: rowOfPair(id ?? (rows === 1 ? (ID.exec(file)?.[1] ?? null) : null), password, deviceName) };
    id = null;
  }
  if (rows > 0) return;
  const detail = "it has no whole recovery password: was it copied to its end?";
  yield { line: 1, row: { reason: "cut-off", detail, protectorId: guidOrNull(id ?? ID.exec(file)?.[1] ?? "") } };
}

function rowOfPair(id: string | null, password: string, deviceName: string | null) {
  if (id !== null) return rowOf({ protectorId: id, password, deviceName, directory: null }, CALLED);
  const detail = "no key protector ID stands before this recovery password";
  return { reason: "no-protector-id", detail, protectorId: null } as const;
}

/**
 * `manage-bde -cn NAME` prints `Computer Name: NAME` in its own language, scripts print `=== NAME ===`: a line that is
 * not indented, and its last part could be a computer's name. `Volume C: [OSDisk]` and the banner are not like that;
 * PowerShell's lists are, but for their names of properties: `KeyProtectorType    : Tpm`.
 */
function computerNameOf(line: string): string | null {
  const found =
    /^\S[^:：]{0,60}[:：]\s*([A-Za-z0-9][A-Za-z0-9.-]{0,62})\s*$/.exec(line) ??
    /^[=#*-]{2,}\s*([A-Za-z0-9][A-Za-z0-9.-]{0,62})\s*[=#*-]{2,}\s*$/.exec(line);
  const name = /^(?!(?:PS)?ComputerName\b)[A-Z][a-z]+[A-Z]\w*\s*:/.test(line) ? undefined : found?.[1];
  return name === undefined || ID.test(name) || /^[0-9.-]+$/.test(name) ? null : name;
}
