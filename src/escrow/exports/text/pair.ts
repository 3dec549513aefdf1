import type { RejectReason } from "../export-row.ts";
import { digitsOf } from "../plain-text.ts";
import type { TextRecord } from "./record.ts";
import { ID_WORDS } from "./words.ts";

/** A recovery password of a text, and the one key protector ID that is certainly its own; or why there is none. */
export interface Pair {
  readonly line: number;
  readonly password: string;
  readonly id: string | null;
  /** Its record's place among the records. */
  readonly record: number;
  readonly refused: { readonly reason: RejectReason; readonly detail: string } | null;
}

const NO_ID = {
  reason: "no-protector-id",
  detail: "no key protector ID stands in the record of this recovery password",
} as const;
const SEVERAL = {
  reason: "ambiguous-record",
  detail: "its record has several key protector IDs or recovery passwords: which belong together is not certain",
} as const;
const SHIFTED = {
  reason: "ambiguous-record",
  detail: "it stands between two key protector IDs, and the text does not show which is its own",
} as const;
const DISAGREE = {
  reason: "ids-disagree",
  detail: "its name says one key protector ID, msFVE-RecoveryGuid another",
} as const;

/** Every recovery password of the records, in their order, each with its ID or the reason why it has none. */
export function pairsOf(records: readonly TextRecord[]): Pair[] {
  const pairs = records.flatMap(pairsOfRecord);
  return contested(records, pairs);
}

function pairsOfRecord({ ids, passwords }: TextRecord, record: number): Pair[] {
  const different = [...new Map(passwords.map((each) => [digitsOf(each.text), each])).values()];
  const own = ownId(ids);
  return different.map(({ text, line }) => {
    const at = { line, password: text, record };
    if (ids.length === 0) return { ...at, id: null, refused: NO_ID };
    if (own === "disagree") return { ...at, id: null, refused: DISAGREE };
    if (own === null || different.length > 1) return { ...at, id: null, refused: SEVERAL };
    return { ...at, id: own, refused: null };
  });
}

/** The key protector's ID among those of a record: the only one, or the only one whose label says so. */
function ownId(ids: TextRecord["ids"]): string | "disagree" | null {
  const only = (some: TextRecord["ids"]) => {
    const texts = [...new Set(some.map(({ text }) => text.toUpperCase()))];
    return texts.length === 1 ? texts[0]! : texts.length === 0 ? undefined : null;
  };
  const named = only(ids.filter(({ namesObject }) => namesObject));
  const said = only(ids.filter(({ label }) => label !== null && ID_WORDS.has(label)));
  // Windows names an object of Active Directory after its key protector.
  if (named && said && named !== said) return "disagree";
  return named ?? said ?? only(ids) ?? null;
}

/**
 * A password or an ID left over beside records that are paired: could it just as well have its neighbour's other half,
 * and that one's the next one's? Where the records' beginnings are certain, only if nothing were left over then; where
 * they are not, in any case. None of those is certain.
 */
function contested(records: readonly TextRecord[], pairs: readonly Pair[]): Pair[] {
  const refused = new Set<Pair>();
  const tokens = records.flatMap((record, index) => tokensOf(record, pairs, index));
  for (const [at, { is, pair }] of tokens.entries()) {
    const isOver = is === "id" ? pair === null : pair?.id === null && pair.refused?.reason === "no-protector-id";
    if (isOver) for (const step of [1, -1]) for (const each of chain(records, tokens, at, step)) refused.add(each);
  }
  return pairs.map((pair) => (refused.has(pair) ? { ...pair, id: null, refused: SHIFTED } : pair));
}

interface Token {
  readonly is: "id" | "password";
  readonly pair: Pair | null;
  readonly record: number;
}

function tokensOf({ ids, passwords }: TextRecord, pairs: readonly Pair[], record: number): Token[] {
  const own = pairs.filter((pair) => pair.record === record);
  const pairOf = (digits: string) => own.find(({ password }) => digitsOf(password) === digits) ?? null;
  const paired = own[0] ?? null;
  const all = [
    ...ids
      .slice(0, paired === null ? ids.length : 1)
      .map(({ line }) => ({ line, is: "id" as const, pair: paired, record })),
    ...passwords.map(({ line, text }) => ({
      line,
      is: "password" as const,
      pair: pairOf(digitsOf(text)),
      record,
    })),
  ];
  return all.sort((one, two) => one.line - two.line);
}

/**
 * The pairs between what is left over and its other half; or as far as the records' beginnings are uncertain; or all of
 * the lines that hang together, where it stands at one end of them: they may have lost their other end.
 */
function chain(records: readonly TextRecord[], tokens: readonly Token[], at: number, step: number): Pair[] {
  const over = tokens[at]!;
  const blockOf = (token: Token | undefined) => (token === undefined ? -1 : records[token.record]!.block);
  const passed: Pair[] = [];
  let loose = 0;
  let index = at + step;
  for (; ; index += 2 * step) {
    const [near, far] = [tokens[index], tokens[index + step]];
    if (near === undefined || near.is === over.is) break;
    const isOver = near.is === "id" ? near.pair === null : near.pair?.id === null;
    if (isOver && passed.length === 0) return [];
    if (isOver) return [...passed, ...[over.pair, near.pair].filter((pair) => pair !== null)];
    if (far?.is !== over.is || far.pair !== near.pair) break;
    const later = records[Math.max(near.record, tokens[index - step]!.record)]!;
    passed.push(near.pair!);
    if (!later.firm && loose === passed.length - 1) loose = passed.length;
  }
  const block = blockOf(over);
  const isAll =
    blockOf(tokens[at - step]) !== block && blockOf(tokens[index - step]) === block && blockOf(tokens[index]) !== block;
  return isAll ? passed : passed.slice(0, loose);
}
