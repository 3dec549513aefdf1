import { type MacAddress, macFromBytes } from "./mac.ts";

/**
 * The Ethernet address in a link-local IPv6 address that was made of it (RFC 4291 appendix A), as firmware makes it; null
 * for any other address. `address` is as the kernel prints it, with or without its `%zone`.
 */
export function macOfLinkLocal(address: string): MacAddress | null {
  const groups = /^fe80::([0-9a-f]{1,4}):([0-9a-f]{1,4}):([0-9a-f]{1,4}):([0-9a-f]{1,4})(%.*)?$/i.exec(address);
  if (groups === null) return null;
  const words = groups.slice(1, 5).map((group) => Number.parseInt(group!, 16));
  const bytes = Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
  if (bytes[3] !== 0xff || bytes[4] !== 0xfe) return null;
  return macFromBytes(Uint8Array.of(bytes[0]! ^ 0x02, bytes[1]!, bytes[2]!, bytes[5]!, bytes[6]!, bytes[7]!));
}
