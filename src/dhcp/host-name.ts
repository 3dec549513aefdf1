import { latin1 } from "./option-format.ts";
import type { DhcpOptions } from "./options.ts";

const FQDN = 81;
/** Flag E of option 81: the name is in DNS' wire format, labels behind their lengths, instead of ASCII. */
const WIRE_FORMAT = 0x04;
const HEADER_BYTES = 3;

/**
 * The name that a client gives itself: option 12 (RFC 2132 section 3.14), else the name of option 81 (RFC 4702 section
 * 2: flags, two response codes, name). Null if it gives none. Whatever else is in there is left as it is.
 */
export function clientHostName({ hostName, other }: DhcpOptions): string | null {
  if (hostName !== undefined && hostName !== "") return hostName;
  const bytes = other?.get(FQDN);
  if (bytes === undefined || bytes.length <= HEADER_BYTES) return null;
  const name = bytes.subarray(HEADER_BYTES);
  if ((bytes[0]! & WIRE_FORMAT) === 0) return latin1(name);
  const first = name.subarray(1, 1 + name[0]!);
  return first.length === name[0] && first.length > 0 ? latin1(first) : null;
}
