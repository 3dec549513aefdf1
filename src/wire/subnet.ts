import { type Ipv4, ipv4FromBytes, ipv4ToBytes } from "./ipv4.ts";

/** An address as the number it is on the wire, so that addresses can be counted through. */
export function ipv4ToNumber(address: Ipv4): number {
  return ipv4ToBytes(address).reduce((number, byte) => number * 256 + byte, 0);
}

export function ipv4FromNumber(number: number): Ipv4 {
  return ipv4FromBytes(Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number));
}

/** First and last address of the subnet that `address` is in: the network's own and its broadcast address. */
export function subnetOf(address: Ipv4, mask: Ipv4): { readonly network: Ipv4; readonly broadcast: Ipv4 } {
  const bits = ipv4ToNumber(mask);
  const network = (ipv4ToNumber(address) & bits) >>> 0;
  return { network: ipv4FromNumber(network), broadcast: ipv4FromNumber((network | ~bits) >>> 0) };
}

/** True if both addresses are in one subnet, so that one reaches the other without a router. */
export function inSubnet(address: Ipv4, of: Ipv4, mask: Ipv4): boolean {
  return subnetOf(address, mask).network === subnetOf(of, mask).network;
}
