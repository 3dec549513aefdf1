import { MalformedError } from "./malformed.ts";

/** A dotted-quad IPv4 address, without leading zeros: `10.99.0.2`. */
export type Ipv4 = string & { readonly __ipv4: true };

export const ANY_ADDRESS = "0.0.0.0" as Ipv4;
export const LIMITED_BROADCAST = "255.255.255.255" as Ipv4;

export function parseIpv4(text: string): Ipv4 {
  const parts = text.split(".");
  const fine = parts.length === 4 && parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255);
  if (!fine) throw new MalformedError(`not an IPv4 address: "${text}"`);
  return text as Ipv4;
}

/** True for an address that one machine of a network can have: no 0.x, loopback, multicast or broadcast. */
export function isUnicast(address: Ipv4): boolean {
  const first = Number(address.slice(0, address.indexOf(".")));
  return first > 0 && first < 224 && first !== 127;
}

export function ipv4FromBytes(bytes: Uint8Array): Ipv4 {
  if (bytes.length !== 4) throw new MalformedError(`an IPv4 address has 4 bytes, not ${bytes.length}`);
  return bytes.join(".") as Ipv4;
}

export function ipv4ToBytes(address: Ipv4): Uint8Array {
  return Uint8Array.from(address.split("."), Number);
}
