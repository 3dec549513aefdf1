import { plainText } from "../plain-text.ts";

const ID = /\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?/gi;
/** Without line breaks or other separators in it: those stand between two passwords. */
const PASSWORD = /(?<![0-9])[0-9]{6}(?:[- ]{0,3}[0-9]{6}){7}(?![0-9])/g;

/** All IDs, or recovery passwords, of one cell in their order; the cell itself if it holds none that is whole. */
export function listOf(cell: string, kind: "id" | "password"): readonly string[] {
  const found = plainText(cell).match(kind === "id" ? ID : PASSWORD);
  return found ?? [cell];
}
