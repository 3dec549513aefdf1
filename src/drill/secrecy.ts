import { filesUnder, overlappingBlocks } from "./file-blocks.ts";

/** A place where a secret was found. Which secret is told by its number, never by its digits. */
export interface Leak {
  readonly where: string;
  readonly secret: number;
  readonly form: string;
}

/** The spellings in which a recovery password could have been written down. */
export function spellings(recoveryPassword: string): ReadonlyMap<string, Buffer> {
  const bare = recoveryPassword.replaceAll("-", "");
  const forms: [string, string][] = [
    ["with dashes", recoveryPassword],
    ["digits only", bare],
    ["with spaces", recoveryPassword.replaceAll("-", " ")],
  ];
  const encoded = forms.flatMap(([form, text]): [string, Buffer][] => [
    [form, Buffer.from(text, "utf8")],
    [`${form}, UTF-16`, Buffer.from(text, "utf16le")],
    [`${form}, hexadecimal`, Buffer.from(Buffer.from(text).toString("hex"))],
    [`${form}, base64`, Buffer.from(Buffer.from(text).toString("base64").replace(/=+$/, "").slice(0, -1))],
  ]);
  // Two of the eight groups in a row are enough to be a leak: 12 digits do not come together by chance.
  const groups = recoveryPassword.split("-");
  const pairs = groups
    .slice(1)
    .map((group, index): [string, Buffer] => [
      `groups ${index + 1} and ${index + 2}`,
      Buffer.from(`${groups[index]}-${group}`),
    ]);
  return new Map([...encoded, ...pairs]);
}

/** Looks for secrets in bytes. */
export function findIn(bytes: Buffer, where: string, recoveryPasswords: readonly string[]): Leak[] {
  return recoveryPasswords.flatMap((password, secret) =>
    [...spellings(password)].flatMap(([form, needle]) => (bytes.includes(needle) ? [{ where, secret, form }] : [])),
  );
}

/** Looks for secrets in a file, or in every file under a folder. Also gives how many files and bytes were looked at. */
export function searchFiles(
  paths: readonly string[],
  recoveryPasswords: readonly string[],
): { readonly leaks: readonly Leak[]; readonly files: number; readonly bytes: number } {
  const leaks: Leak[] = [];
  let files = 0;
  let bytes = 0;
  for (const path of paths.flatMap(filesUnder)) {
    files++;
    for (const block of overlappingBlocks(path)) {
      bytes += block.length;
      leaks.push(...findIn(block, path, recoveryPasswords));
    }
  }
  return { leaks, files, bytes };
}
