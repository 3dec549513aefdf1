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
 * For each record the device that it belongs to, null where the text does not say. A name in a record is its own, and
 * that of the records after it in the same lines. A name above records, apart from them, is theirs until the next one or
 * until the tool's banner begins another computer's output. Where names may as well belong to what stands on their other
 * side, none is given: a wrong one is worse than none. `namesFirst`: the program is known to say the name first.
 */
export function devicesOf(records: readonly TextRecord[], namesFirst: boolean): (string | null)[] {
  const marks = records.map((record, index) => markOf(record, records[index - 1]));
  const blocks = Map.groupBy(marks, ({ block }) => block);
  const certain = (block: number) => namesFirst || isCertain(blocks.get(block)!);
  const apart = namesFirst || !standBelow(marks, blocks);
  let above: { readonly name: string; readonly block: number | null } | null = null;
  let used = true;
  return marks.map(({ name, holds, block, isBanner, nameIsFirst }) => {
    const isHeading = name !== null && !holds && blocks.get(block)!.every((each) => !each.holds);
    if (isBanner && used) above = null;
    if (isHeading) [above, used] = [apart ? { name, block: null } : null, false];
    else if (name !== null) above = certain(block) && nameIsFirst ? { name, block } : null;
    if (!holds) return null;
    used = true;
    if (name !== null) return certain(block) ? name : null;
    return above !== null && (above.block ?? block) === block ? above.name : null;
  });
}

/** What a record says of a device, and whether it holds a key. */
interface Mark {
  readonly block: number;
  readonly name: string | null;
  readonly holds: boolean;
  readonly isBanner: boolean;
  /** True if the name stands before the record's ID and password. */
  readonly nameIsFirst: boolean;
  /** True if it stands after both. */
  readonly nameIsLast: boolean;
}

function markOf(record: TextRecord, before: TextRecord | undefined): Mark {
  const { lines, block, ids, passwords, order } = record;
  const named = lines.find((line) => nameOn(line) !== null)?.number ?? 0;
  const keys = [...ids, ...passwords].map(({ line }) => line).filter((line) => line !== named);
  const holds = order !== null || passwords.some(({ line }) => line !== named);
  return {
    block,
    name: namedIn(lines) ?? saidByTool(lines, before),
    holds,
    isBanner: lines.some(isBanner),
    nameIsFirst: !holds || named < Math.min(...keys),
    nameIsLast: !holds || named > Math.max(...keys),
  };
}

/**
 * Lines that hang together begin with a name and end with a key, or the other way round; or each name stands within its
 * record. If they begin and end alike, one end of them may be lost, and all names be their neighbours'.
 */
function isCertain(block: readonly Mark[]): boolean {
  const named = block.filter(({ name }) => name !== null);
  if (named.every(({ nameIsFirst, nameIsLast }) => !nameIsFirst && !nameIsLast)) return true;
  const [begin, end] = [block[0]!, block.at(-1)!];
  const beginsWithName = begin.name !== null && begin.nameIsFirst;
  const endsWithName = end.name !== null && end.nameIsLast;
  return beginsWithName !== endsWithName;
}

/** True if names apart from keys may be of what stands above them: keys come before the first, none after the last. */
function standBelow(marks: readonly Mark[], blocks: ReadonlyMap<number, readonly Mark[]>): boolean {
  const apart = marks.flatMap(({ name, block }, index) =>
    name !== null && blocks.get(block)!.every(({ holds }) => !holds) ? [index] : [],
  );
  const from = marks.findIndex(({ holds }) => holds);
  const to = marks.findLastIndex(({ holds }) => holds);
  return apart.length > 0 && from !== -1 && from < apart[0]! && apart.at(-1)! > to;
}

/** The tool's banner, in any language: the company's name is not translated. */
function isBanner({ value, label }: TextLine): boolean {
  return /Microsoft Corporation/.test(`${label} ${value}`);
}

/** `manage-bde -cn` says the computer in its own language, alone below its banner: `Nazwa: PC-0001`. */
function saidByTool(lines: readonly TextLine[], before: TextRecord | undefined): string | null {
  const [only] = lines;
  if (lines.length !== 1 || only!.label === null || only!.indent > 0 || !before?.lines.some(isBanner)) return null;
  return nameOrNull(only!.value);
}

/** The device that a record itself names; null if it names none, or several. */
export function deviceSaidBy({ lines }: TextRecord): string | null {
  return namedIn(lines);
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
