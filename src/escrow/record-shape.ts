import { armor } from "age-encryption";

const VERSION_LINE = "age-encryption.org/v1";
/** Nonce, the 128 bytes of a record's plain text, and the tag of the one chunk. */
const PAYLOAD = 16 + 128 + 16;

/**
 * What is wrong with a record as far as can be seen without opening it, or null: an armored age file of version 1 with
 * one X25519 stanza, a MAC and a payload as long as every record's. An X25519 stanza does not say whose it is (age v1
 * specification, "The X25519 recipient type"): whether the vault's own identity opens it, only opening tells.
 */
export function recordProblem(record: string): string | null {
  let bytes: Buffer;
  try {
    bytes = Buffer.from(armor.decode(record));
  } catch {
    return "it is not an armored age file";
  }
  const end = bytes.indexOf("\n--- ");
  const headerEnd = end === -1 ? -1 : bytes.indexOf("\n", end + 1);
  if (headerEnd === -1) return "its header has no end";
  const [version, ...lines] = bytes.toString("latin1", 0, headerEnd).split("\n");
  if (version !== VERSION_LINE) return "it is no age file of version 1";
  const stanzas = lines.filter((line) => line.startsWith("-> "));
  const at = lines.findIndex((line) => line.startsWith("-> X25519 "));
  if (stanzas.length !== 1 || at === -1) return "it is not for one X25519 recipient";
  if (lengthOf(lines[at]!.slice("-> X25519 ".length)) !== 32) return "its ephemeral share is not 32 bytes";
  if (lengthOf(lines[at + 1] ?? "") !== 32) return "its file key is not wrapped in 32 bytes";
  if (lengthOf(lines.at(-1)!.slice("--- ".length)) !== 32) return "its MAC is not 32 bytes";
  const payload = bytes.length - headerEnd - 1;
  return payload === PAYLOAD ? null : `its payload has ${payload} bytes, not ${PAYLOAD}`;
}

/** Of unpadded base64; -1 if it is none. */
function lengthOf(text: string): number {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64").replace(/=+$/, "") === text ? bytes.length : -1;
}
