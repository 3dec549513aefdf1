// What office programs, mail and chat make of a recovery password on its way: other dashes, other spaces, marks nobody sees.
const DASHES = /[\u00ad\u2010-\u2015\u2043\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d]/g;
const SPACES = /[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g;
const MARKS = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** The text with every dash as `-`, every space as a space and no invisible marks. Line breaks stay. */
export function plainText(text: string): string {
  return text.replace(MARKS, "").replace(DASHES, "-").replace(SPACES, " ");
}

/** As programs write it: one kind of separator all through, or none. */
const WRITTEN = /(?<![0-9])[0-9]{6}(?:(?:-[0-9]{6}){7}|(?: [0-9]{6}){7}|[0-9]{42})(?![0-9])/g;
/** What mail and paper make of it: broken over two lines, quoted, with gaps. */
const TORN = /(?<![0-9])[0-9]{6}(?:[-\s>|]{0,4}[0-9]{6}){7}(?![0-9])/g;

/** Something that looks like a recovery password: its 48 digits, and where it begins and ends in the text. */
interface PasswordShape {
  readonly digits: string;
  readonly at: number;
  readonly end: number;
}

/** Every eight groups of six digits in a text, whatever few characters stand between them. */
export function passwordShapes(text: string): PasswordShape[] {
  const shapes = (pattern: RegExp, from: string) =>
    [...from.matchAll(pattern)].map(({ 0: found, index }) => ({
      digits: digitsOf(found),
      at: index,
      end: index + found.length,
    }));
  const written = shapes(WRITTEN, text);
  const rest = text.replace(WRITTEN, (found) => "x".repeat(found.length));
  return [...written, ...shapes(TORN, rest)].sort((one, two) => one.at - two.at);
}

/** The digits of a text, in order. */
export function digitsOf(text: string): string {
  return text.replace(/[^0-9]/g, "");
}

/**
 * True for a number that a spreadsheet has rounded: it keeps 15 digits and fills up with zeros. The check digits can hold
 * by chance then, since zeros are divisible by 11.
 */
export function isRounded(text: string): boolean {
  const plain = text.trim();
  return /^[0-9](?:[.,][0-9]+)?e\+?[0-9]{1,3}$/i.test(plain) || /^[1-9][0-9]{0,14}0{30,}$/.test(plain);
}
