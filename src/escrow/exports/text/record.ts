import type { TextId, TextLine } from "./token.ts";
import { isOtherId } from "./words.ts";

/** Lines that belong together: what is in one record is of one key protector. */
export interface TextRecord {
  /** Without those that are no key protector's, each with the label it stands under. */
  readonly ids: readonly (TextId & { readonly label: string | null; readonly line: number })[];
  readonly passwords: readonly { readonly text: string; readonly line: number }[];
  readonly lines: readonly TextLine[];
  /** `id` if the first of both is an ID, `password` if it is a password; null where one of them is missing. */
  readonly order: "id" | "password" | null;
  /**
   * True if its beginning is certain: a blank line stands before it, or it begins with a label that every record begins
   * with. Where an ID or a password itself begins it, a lost line moves all beginnings after it.
   */
  readonly firm: boolean;
  /** Which of the blocks between blank lines it lies in. */
  readonly block: number;
}

/**
 * A text cut into records by its own structure. Blank lines part them; within lines that hang together, a label that
 * comes again begins the next one. Where no such part has both an ID and a password (Windows' own file parts the two
 * by blank lines), labels alone cut the whole text.
 */
export function cutRecords(lines: readonly TextLine[]): TextRecord[] {
  const records = blocksOf(lines).flatMap((block, number) => cutBlock(block, number, true));
  if (records.some(({ order }) => order !== null)) return records;
  const whole = cutBlock(
    lines.filter(({ blank }) => !blank),
    0,
    false,
  );
  return whole.some(({ order }) => order !== null) ? whole : records;
}

function blocksOf(lines: readonly TextLine[]): TextLine[][] {
  const blocks: TextLine[][] = [[]];
  for (const line of lines) {
    if (!line.blank) blocks.at(-1)!.push(line);
    else if (blocks.at(-1)!.length > 0) blocks.push([]);
  }
  return blocks.filter((block) => block.length > 0);
}

/** What a line begins anew if it comes again: its label, or that it holds an ID or a password without one. */
function keyOf({ label, ids, passwords }: TextLine): string | null {
  if (label !== null) return label;
  return ids.length > 0 ? "an ID" : passwords.length > 0 ? "a password" : null;
}

function cutBlock(block: readonly TextLine[], number: number, byIndent: boolean): TextRecord[] {
  const cut: TextLine[][] = [];
  let seen = new Set<string>();
  // The label that begins the block begins every record of it: what stands first is not the end of the one before.
  const leader = block.map(keyOf).find((key) => key !== null) ?? null;
  let tokens = new Set<string>();
  for (const [index, line] of block.entries()) {
    const key = keyOf(line);
    // manage-bde indents what belongs to a protector more than the protector's kind.
    const outward = byIndent && tokens.size > 0 && line.indent < block[index - 1]!.indent && line.value === "";
    const again = key !== null && (seen.has(key) || (key === leader && cut.length > 0));
    // A second password, or ID of a protector, in lines without labels begins a record, too.
    const kinds = kindsOf(line);
    const full = key === null ? false : kinds.some((kind) => tokens.has(kind)) && tokens.size === 2;
    if (cut.length === 0 || again || full || outward) {
      cut.push([]);
      seen = new Set();
      tokens = new Set();
    }
    cut.at(-1)!.push(line);
    if (key !== null) seen.add(key);
    for (const kind of kinds) tokens.add(kind);
  }
  return cut.map((lines, index) => recordOf(lines, index === 0 || kindsOf(lines[0]!).length === 0, number));
}

function kindsOf({ ids, passwords, label }: TextLine): string[] {
  return [...(ids.length > 0 && !isOtherId(label) ? ["id"] : []), ...(passwords.length > 0 ? ["password"] : [])];
}

function recordOf(lines: readonly TextLine[], firm: boolean, block: number): TextRecord {
  const ids = labelled(lines).flatMap(({ line, label }) =>
    isOtherId(label) ? [] : line.ids.map((id) => ({ ...id, label, line: line.number })),
  );
  const passwords = lines.flatMap(({ passwords: all, number }) => all.map((text) => ({ text, line: number })));
  const [id, password] = [ids[0]?.line, passwords[0]?.line];
  const order = id === undefined || password === undefined ? null : id <= password ? "id" : "password";
  return { ids, passwords, lines, order, firm, block };
}

/** Lines with their label: a value may stand below its label, on a line of its own. */
function labelled(lines: readonly TextLine[]): { line: TextLine; label: string | null }[] {
  let open: string | null = null;
  return lines.map((line) => {
    const label = line.label ?? open;
    open = line.label !== null && line.value === "" ? line.label : null;
    return { line, label };
  });
}
