import { bech32, bech32m } from "@scure/base";
import { MalformedError } from "./malformed.ts";

// BIP-173 and BIP-350: 32 characters without 1, b, i and o, and a checksum that finds any four wrong characters in a
// text of up to 90. `age` writes its keys in the older form.
const CODECS = { bech32, bech32m } as const;
export const BECH32_CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

type Bech32Form = keyof typeof CODECS;

/** `prefix`, `1`, the bytes five bits to a character (zero bits at the end), and the checksum: all lower case. */
export function encodeBech32(form: Bech32Form, prefix: string, bytes: Uint8Array): string {
  const codec = CODECS[form];
  return codec.encode(prefix, codec.toWords(bytes), false);
}

/**
 * The bytes of a text that begins with `prefix` and `1`, in any one case. Throws MalformedError saying what is wrong,
 * and never the text, which may be a secret key (the library's own messages repeat it).
 */
export function decodeBech32(form: Bech32Form, prefix: string, text: string): Uint8Array {
  const lower = text.toLowerCase();
  if (lower !== text && text.toUpperCase() !== text) throw new MalformedError("a text of mixed case");
  if (!lower.startsWith(`${prefix}1`)) throw new MalformedError(`a text that does not begin with ${prefix}1`);
  const stray = [...lower.slice(prefix.length + 1)].findIndex((character) => !BECH32_CHARACTERS.includes(character));
  if (stray !== -1) throw new MalformedError("a text with a character that is never in one", stray);
  const decoded = CODECS[form].decodeUnsafe(lower, false);
  if (!decoded) throw new MalformedError("a text whose checksum does not hold");
  const bytes = CODECS[form].fromWordsUnsafe(decoded.words);
  if (!bytes) throw new MalformedError("a text with bits left over");
  return bytes;
}

/** True if the checksum at the end of a lower-case text holds. */
export function bech32Holds(form: Bech32Form, text: string): boolean {
  return CODECS[form].decodeUnsafe(text, false) !== undefined;
}
