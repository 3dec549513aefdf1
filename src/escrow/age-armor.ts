import { MalformedError } from "../wire/malformed.ts";

const BEGIN = "-----BEGIN AGE ENCRYPTED FILE-----";
const END = "-----END AGE ENCRYPTED FILE-----";

/** An age file as text: PEM (RFC 7468, strict), 64 characters a line. */
export function encodeArmor(file: Buffer): string {
  const text = file.toString("base64").replace(/.{64}(?=.)/g, "$&\n");
  return `${BEGIN}\n${text}\n${END}\n`;
}

/** The file of such a text; no other spelling of it is taken, apart from Windows' line ends. Throws MalformedError. */
export function decodeArmor(text: string): Buffer {
  const lines = text.trim().replaceAll("\r\n", "\n").split("\n");
  const file = Buffer.from(lines.slice(1, -1).join(""), "base64");
  if (encodeArmor(file).trimEnd() !== lines.join("\n")) throw new MalformedError("not an armored age file");
  return file;
}
