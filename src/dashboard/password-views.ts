import type { Secret } from "../wire/secret.ts";
import { BLOCK_LINES, blockDigits } from "./block-digits.ts";
import { code128, qrCode, symbolText } from "./symbol.ts";

/** One picture of a recovery password. Lines may hold colour sequences, no other control characters. */
export interface PasswordView {
  readonly title: string;
  readonly lines: readonly string[];
  /** Columns that `lines` take. */
  readonly width: number;
}

const GAP = 4;
const LABEL = 2;

/**
 * A recovery password as a person at another machine's recovery screen needs it: large, to be typed; as one QR code of
 * its 48 digits; and as eight Code 128, a group each. That screen goes on to the next field by itself after six digits,
 * and a scanner set to another keyboard would type another character for a hyphen: so there is none in the codes.
 */
export async function passwordViews(password: Secret<string>): Promise<readonly PasswordView[]> {
  const groups = password.reveal().split("-");
  return [largeDigits(groups), await asQr(groups), ...(await Promise.all(groups.map(asBars)))];
}

/** Where the terminal is too small for the large digits: a group a line. */
export function plainDigits(password: Secret<string>): PasswordView {
  const lines = password.reveal().split("-");
  return { title: "", lines: lines.map((group, index) => `${index + 1}  ${group}`), width: LABEL + 1 + 6 };
}

function largeDigits(groups: readonly string[]): PasswordView {
  const lines: string[] = [];
  for (let index = 0; index < groups.length; index += 2) {
    const [left, right] = [labelled(groups, index), labelled(groups, index + 1)];
    lines.push(...left.map((line, row) => line + " ".repeat(GAP) + right[row]!), "");
  }
  return { title: "To be typed: groups 1 to 8, line by line", lines: lines.slice(0, -1), width: lines[0]!.length };
}

function labelled(groups: readonly string[], index: number): readonly string[] {
  const lines = blockDigits(groups[index]!);
  return lines.map((line, row) => (row === BLOCK_LINES - 1 ? `${index + 1} ` : " ".repeat(LABEL)) + line);
}

async function asQr(groups: readonly string[]): Promise<PasswordView> {
  const symbol = await qrCode(groups.join(""));
  const title = "QR code of all 48 digits, for a scanner that types";
  return { title, lines: linesOf(symbolText(symbol)), width: symbol.width + 8 };
}

async function asBars(group: string, index: number): Promise<PasswordView> {
  const symbol = await code128(group);
  const lines = [...linesOf(symbolText(symbol, 8)), "", ...blockDigits(group)];
  const title = `Group ${index + 1} of 8 as Code 128; the scanner must not send Enter after it`;
  return { title, lines, width: symbol.width + 8 };
}

function linesOf(text: string): string[] {
  return text.trimEnd().split("\n");
}
