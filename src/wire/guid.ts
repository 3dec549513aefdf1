import { MalformedError } from "./malformed.ts";

/**
 * A GUID in its one spelling here: upper case, no braces, `24B0AA32-F8D0-40BA-BB05-73A800324C09`, as BitLocker's
 * recovery screen prints it.
 */
export type Guid = string & { readonly __guid: true };

/** Accepts either case, with or without braces. */
export function parseGuid(text: string): Guid {
  const bare = text.trim().replace(/^\{(.*)\}$/, "$1");
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(bare)) throw new MalformedError(`not a GUID: "${text}"`);
  return bare.toUpperCase() as Guid;
}

// The first three fields are little-endian in memory (RFC 9562 appendix "variant 2", SMBIOS 2.6 section 7.2.1).
const MIXED_ENDIAN = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

/** The 16 bytes Microsoft, UEFI and SMBIOS 2.6 write. */
export function guidFromBytes(bytes: Uint8Array): Guid {
  if (bytes.length !== 16) throw new MalformedError(`a GUID has 16 bytes, not ${bytes.length}`);
  const hex = Buffer.from(MIXED_ENDIAN.map((index) => bytes[index]!)).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
    .join("-")
    .toUpperCase() as Guid;
}

export function guidToBytes(guid: Guid): Uint8Array {
  const plain = Buffer.from(guid.replaceAll("-", ""), "hex");
  return Uint8Array.from(MIXED_ENDIAN, (index) => plain[index]!);
}
