import { MalformedError } from "./malformed.ts";

/** An Ethernet address in its one spelling here: lower case, colons, `52:54:00:12:34:56`. */
export type MacAddress = string & { readonly __mac: true };

/** Accepts `:`, `-`, `.` or nothing between the digits, as firmware screens and inventories print them. */
export function parseMac(text: string): MacAddress {
  const digits = text.trim().toLowerCase().replace(/[:.-]/g, "");
  if (!/^[0-9a-f]{12}$/.test(digits)) throw new MalformedError(`not a MAC address: "${text}"`);
  return digits.match(/../g)!.join(":") as MacAddress;
}

export function macFromBytes(bytes: Uint8Array): MacAddress {
  if (bytes.length !== 6) throw new MalformedError(`a MAC address has 6 bytes, not ${bytes.length}`);
  return Buffer.from(bytes).toString("hex").match(/../g)!.join(":") as MacAddress;
}

export function macToBytes(mac: MacAddress): Uint8Array {
  return Uint8Array.from(Buffer.from(mac.replaceAll(":", ""), "hex"));
}
