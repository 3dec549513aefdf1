import { deviceAbove, deviceNameOf } from "../../../fleet/device-name.ts";
import type { TextRecord } from "./record.ts";
import type { TextLine } from "./token.ts";
import { DEVICE_WORDS } from "./words.ts";

/** A name as computers have them: no spaces, and not a number, a date or a GUID. */
const NAME = /^(?![0-9.-]+$)[A-Za-z0-9\u00c0-\u024f_][A-Za-z0-9\u00c0-\u024f_.$-]{0,62}$/;
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-/i;
/** Values that stand where a name could and are none. */
const NO_NAME =
  /^(true|false|on|off|yes|no|none|null|encrypted|decrypted|unlocked|locked|unknown|tpm|recoverypassword)$/i;

/**
 * For each record the device that it belongs to, null where the text does not say. A name in a record is its own. A name
 * above records is theirs, until the next one or until the tool's banner begins another computer's output. Where names
 * stand below their records instead, no name is given: a wrong one is worse than none.
 */
export function devicesOf(records: readonly TextRecord[]): (string | null)[] {
  const headings = records.map(({ lines }, index) => namedIn(lines) ?? saidByTool(lines, records[index - 1]));
  const holds = records.map(({ order, passwords }) => order !== null || passwords.length > 0);
  const isHeading = (index: number) => headings[index] !== null && !holds[index];
  const first = holds.indexOf(true);
  const lastHeading = headings.findLastIndex((_, index) => isHeading(index));
  const firstHeading = headings.findIndex((_, index) => isHeading(index));
  const below = firstHeading > first && first !== -1 && lastHeading > holds.lastIndexOf(true);
  let above: string | null = null;
  let used = true;
  return records.map((record, index) => {
    if (record.lines.some(isBanner) && used) above = null;
    const own = headings[index]!;
    if (own !== null && (!holds[index] || standsFirst(record))) [above, used] = [own, false];
    if (holds[index]) used = true;
    if (own !== null && holds[index]) return own;
    return holds[index] && !below ? above : null;
  });
}

/** The tool's banner, in any language: the company's name is not translated. */
function isBanner({ value, label }: TextLine): boolean {
  return /Microsoft Corporation/.test(`${label} ${value}`);
}

/** `manage-bde -cn` says the computer in its own language, alone below its banner: `Nazwa: PC-0001`. */
function saidByTool(lines: readonly TextLine[], before: TextRecord | undefined): string | null {
  const [only] = lines;
  if (lines.length !== 1 || only!.label === null || only!.indented || !before?.lines.some(isBanner)) return null;
  return nameOrNull(only!.value);
}

/** True if the name stands before the record's ID and password: then it is the one of those that follow, too. */
function standsFirst({ lines, ids, passwords }: TextRecord): boolean {
  const name = lines.find((line) => nameOn(line) !== null)?.number ?? Number.POSITIVE_INFINITY;
  return name <= Math.min(...[...ids, ...passwords].map(({ line }) => line));
}

/** The one name that the lines say; null for none, and for two that differ. */
function namedIn(lines: readonly TextLine[]): string | null {
  const names = [...new Set(lines.flatMap((line) => nameOn(line) ?? []))];
  return names.length === 1 ? names[0]! : null;
}

/** A line that names a device: by a known label, by its place in the directory, or as a heading `=== PC-0001 ===`. */
function nameOn(line: TextLine): string | null {
  const { label, value, ids, passwords } = line;
  const heading = /^[=#*-]{2,}\s*(\S+)\s*[=#*-]{2,}$/.exec(value)?.[1];
  if (heading !== undefined) return nameOrNull(heading);
  const path = /(?:LDAP:\/\/(?:[^/,]+\/)?|^)(CN=.*)$/i.exec(value)?.[1];
  if (path !== undefined) return path.includes("{") ? deviceAbove(path) : deviceNameOf(path);
  return label !== null && DEVICE_WORDS.has(label) && ids.length + passwords.length === 0 ? nameOrNull(value) : null;
}

function nameOrNull(text: string): string | null {
  const bare = text.replace(/^["']|["'],?$/g, "");
  return NAME.test(bare.replace(/^[^\\]{1,15}\\/, "")) && !GUID.test(bare) && !NO_NAME.test(bare) ? bare : null;
}
