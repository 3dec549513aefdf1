import { type Ipv4, parseIpv4 } from "../../src/wire/ipv4.ts";
import { type MacAddress, parseMac } from "../../src/wire/mac.ts";

/** The network of the many devices: they are behind a router, so that no machine here needs to know all their MACs. */
export const STATION_ADDRESS = "10.77.255.254";
export const ROUTER_ADDRESS = "10.77.255.253";
export const DEVICE_NETWORK = "10.77.0.0/17";

/** The address of the device with this index, from 0 on: 10.77.1.0 and following. */
export function deviceAddress(index: number): Ipv4 {
  return parseIpv4(`10.77.${1 + (index >> 8)}.${index & 0xff}`);
}

export function deviceMac(index: number): MacAddress {
  const [high, low] = [index >> 8, index & 0xff].map((byte) => byte.toString(16).padStart(2, "0"));
  return parseMac(`52:54:00:b0:${high}:${low}`);
}
