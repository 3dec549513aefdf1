import { plainText } from "../plain-text.ts";

/** One line of a text export, as far as it can matter. */
export interface TextLine {
  /** 1 for the first. */
  readonly number: number;
  /** What stands before its first colon, lower case, without spaces, dashes and underscores; null if there is no label. */
  readonly label: string | null;
  /** What stands after the colon; the whole line if there is no label. */
  readonly value: string;
  readonly ids: readonly TextId[];
  /** What is, or is meant as, a recovery password. It holds digits of one: it is never told. */
  readonly passwords: readonly string[];
  /** True for a line of the text without anything in it, or of nothing but rules (`-----`). */
  readonly blank: boolean;
  /** Spaces before its text. */
  readonly indent: number;
}

export interface TextId {
  /** 36 characters, as written. */
  readonly text: string;
  /** True if it stands in braces after the time of an object in Active Directory, which Windows names by it. */
  readonly namesObject: boolean;
}

const ID = /(?<![0-9a-f-])([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![0-9a-f-])(\.bek\b)?/gi;
/** Eight groups with a letter or so where a digit should be, or digits enough to be meant as a recovery password. */
const PASSWORD =
  /(?<![0-9A-Za-z-])(?:[0-9A-Za-z]{6}[- ]{1,3}){7}[0-9A-Za-z]{6}(?![0-9A-Za-z])|(?<![0-9A-Za-z])[0-9]{4,8}(?:[- ]{0,3}[0-9]){20,60}(?![0-9A-Za-z])/g;
/** Digits in a password with mistakes; words of six letters are no password. */
const FEWEST_DIGITS = 24;

export function textLine(number: number, text: string): TextLine {
  const plain = plainText(text).trimEnd();
  const found = /^\s*([^:：=]{1,60}?)\s*(?:[:：]|\s=)(?![\\/]{2})\s*(.*)$/s.exec(plain);
  const label =
    found === null
      ? null
      : found[1]!
          .replace(/^[>*\s-]+/, "")
          .toLowerCase()
          .replace(/[\s_-]+/g, "");
  const value = (found === null || label === "" ? plain : found[2]!).trim();
  return {
    number,
    label: label === "" ? null : label,
    value,
    ids: [...plain.matchAll(ID)].filter(([, , file]) => file === undefined).map((match) => idOf(match, plain)),
    passwords: plain.replaceAll(ID, " ").match(PASSWORD)?.filter(isMeant) ?? [],
    blank: /^[\s>=*_#~|-]*$/.test(plain),
    indent: plain.length - plain.trimStart().length,
  };
}

function idOf({ 1: id, index }: RegExpMatchArray, line: string): TextId {
  return { text: id!, namesObject: /\d{4}-\d\d-\d\dT[\d:+-]+\{$/.test(line.slice(0, index)) };
}

function isMeant(text: string): boolean {
  return (text.match(/[0-9]/g)?.length ?? 0) >= FEWEST_DIGITS;
}

/** A recovery password that was broken at the end of a line goes on at the start of the next. */
export function goesOn(line: string, next: string): string | null {
  const [, rest] = /(?<![0-9])((?:[0-9]{6}[- ]*){1,7})$/.exec(plainText(line).trimEnd()) ?? [];
  const [, first] = /^[>|\s]*((?:[- ]*[0-9]{6}){1,7})(?![0-9])/.exec(plainText(next)) ?? [];
  if (rest === undefined || first === undefined) return null;
  const groups = (text: string) => text.match(/[0-9]{6}/g)!.length;
  return groups(rest) + groups(first) === 8
    ? `${plainText(line).replace(/[- ]+$/, "")}-${first.replace(/^[- ]+/, "")}`
    : null;
}
