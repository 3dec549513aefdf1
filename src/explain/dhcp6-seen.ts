import { ANY_ADDRESS, LIMITED_BROADCAST } from "../wire/ipv4.ts";
import type { MacAddress } from "../wire/mac.ts";
import type { Udp } from "./capture/datagram.ts";
import type { Dhcp6Seen } from "./seen.ts";
import { plainText } from "./text.ts";

/** RFC 8415 section 7.2 and 7.3; RFC 5970 section 3 (61). */
const CLIENT_PORT = 546;
const SERVER_PORT = 547;
const SOLICIT = 1;
const ADVERTISE = 2;
const VENDOR_CLASS = 16;
const ARCHITECTURE = 61;

/**
 * Firmware that asks over IPv6 how to boot, or a server's answer; null for all other datagrams. The device is known by
 * its frame's address: a DUID may have that of another card.
 */
export function dhcp6Seen(
  { sourcePort, destinationPort, payload }: Pick<Udp, "sourcePort" | "destinationPort" | "payload">,
  frame: { readonly source: MacAddress | null; readonly destination: MacAddress | null },
  at: number,
  number: number | null,
): Dhcp6Seen | null {
  const asks = destinationPort === SERVER_PORT && payload[0] === SOLICIT;
  const answers = destinationPort === CLIENT_PORT && payload[0] === ADVERTISE;
  const device = asks ? frame.source : frame.destination;
  if ((!asks && !answers) || device === null) return null;
  const options = optionsOf(payload.subarray(4));
  const classBytes = options.get(VENDOR_CLASS);
  // An enterprise number, then texts with their lengths before them.
  const named = classBytes === undefined ? "" : Buffer.from(classBytes.subarray(6)).toString("latin1");
  const vendorClass = /^(PXE|HTTP)Client/.test(named) ? plainText(named) : null;
  const list = options.get(ARCHITECTURE);
  const architecture = list === undefined || list.length < 2 ? null : (list[0]! << 8) | list[1]!;
  if (asks && vendorClass === null && architecture === null) return null;
  const from = { address: ANY_ADDRESS, port: sourcePort, mac: frame.source };
  const to = { address: LIMITED_BROADCAST, port: destinationPort, mac: frame.destination };
  return {
    ...{
      what: "dhcp6",
      at,
      endedAt: at,
      frames: number === null ? null : [number, number],
      from,
      to,
      device,
      times: 1,
    },
    ...{ message: asks ? "SOLICIT" : "ADVERTISE", vendorClass, architecture },
  };
}

/** Each option's first value, up to the first that runs over the end. */
function optionsOf(bytes: Uint8Array): Map<number, Uint8Array> {
  const options = new Map<number, Uint8Array>();
  for (let at = 0; at + 4 <= bytes.length; ) {
    const code = (bytes[at]! << 8) | bytes[at + 1]!;
    const end = at + 4 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
    if (end > bytes.length) break;
    if (!options.has(code)) options.set(code, bytes.subarray(at + 4, end));
    at = end;
  }
  return options;
}
