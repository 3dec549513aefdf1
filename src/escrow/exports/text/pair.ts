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
 * A password without an ID beside records that are paired: if every one of them could be paired with its other
 * neighbour, so that the password finds an ID and none is left over, the blank lines stand in the wrong places and
 * none of them is certain.
 */
function contested(records: readonly TextRecord[], pairs: readonly Pair[]): Pair[] {
  const refused = new Set<Pair>();
  const tokens = records.flatMap((record, index) => tokensOf(record, pairs, index));
  for (const [at, token] of tokens.entries()) {
    if (token.pair === null || token.pair.id !== null || token.pair.refused?.reason !== "no-protector-id") continue;
    for (const step of [1, -1]) for (const pair of chain(tokens, at, step)) refused.add(pair);
  }
  return pairs.map((pair) => (refused.has(pair) ? { ...pair, id: null, refused: SHIFTED } : pair));
}

interface Token {
  readonly is: "id" | "password";
  readonly pair: Pair | null;
}

function tokensOf({ ids, passwords }: TextRecord, pairs: readonly Pair[], record: number): Token[] {
  const own = pairs.filter((pair) => pair.record === record);
  const pairOf = (digits: string) => own.find(({ password }) => digitsOf(password) === digits) ?? null;
  const paired = own[0] ?? null;
  const all = [
    ...ids.slice(0, paired === null ? ids.length : 1).map(({ line }) => ({ line, is: "id" as const, pair: paired })),
    ...passwords.map(({ line, text }) => ({ line, is: "password" as const, pair: pairOf(digitsOf(text)) })),
  ];
  return all.sort((one, two) => one.line - two.line);
}

/** The pairs between an orphan and a spare ID, if the text can be read that way as well. */
function chain(tokens: readonly Token[], at: number, step: number): Pair[] {
  const passed: Pair[] = [];
  for (let index = at + step; ; index += 2 * step) {
    const id = tokens[index];
    if (id?.is !== "id") return [];
    if (id.pair === null) return passed.length === 0 ? [] : [...passed, tokens[at]!.pair!];
    const password = tokens[index + step];
    if (password?.is !== "password" || password.pair !== id.pair) return [];
    passed.push(id.pair);
  }
}
