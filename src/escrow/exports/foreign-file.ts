import { isDatabase } from "../../ledger/store-file.ts";

/** What a file is that is no export, and what to do with it. */
interface ForeignFile {
  readonly what: string;
  readonly next: string;
}

const AS_TEXT = "Export it as text (CSV in UTF-8), and import that.";
const UNPACK = "Unpack it, and import what is in it.";

/** By the first bytes, as latin1. What people take for an export, or export by mistake. */
const KINDS: readonly (readonly [RegExp, ForeignFile])[] = [
  [/^\xd0\xcf\x11\xe0/, { what: "is an old Office document (.xls or .doc)", next: AS_TEXT }],
  [/^%PDF-/, { what: "is a PDF", next: AS_TEXT }],
  [/^\{\\rtf/, { what: "is an RTF document", next: AS_TEXT }],
  [/^\s*<(!doctype|html|\?xml)/i, { what: "is a web page or XML", next: AS_TEXT }],
  [
    /^(\x1f\x8b|7z\xbc\xaf|Rar!|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd)/,
    { what: "is packed in a way that is not zip", next: UNPACK },
  ],
  [
    /^(age-encryption\.org|-----BEGIN (AGE|PGP)|\x85\x02)/,
    { what: "is encrypted", next: "Decrypt it into a pipe: age -d FILE | breakglass escrow import -" },
  ],
  [/^(\x89PNG|\xff\xd8\xff|GIF8)/, { what: "is a picture", next: AS_TEXT }],
  [/^\0{64}/, { what: "begins with zeros: the copy was cut off", next: "Copy it again, and import it again." }],
];

/** Null if these first bytes could be an export's. */
export function foreignFile(head: Uint8Array): ForeignFile | null {
  if (isDatabase(head)) return { what: "is a database (a vault is not imported into another)", next: AS_TEXT };
  const text = Buffer.from(head.subarray(0, 512)).toString("latin1");
  return KINDS.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}
