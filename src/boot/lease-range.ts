import { type Ipv4, parseIpv4 } from "../wire/ipv4.ts";
import { MalformedError } from "../wire/malformed.ts";
import { inSubnet, ipv4ToNumber, subnetOf } from "../wire/subnet.ts";

/** The addresses that the station leases, both ends included. */
export interface LeaseRange {
  readonly first: Ipv4;
  readonly last: Ipv4;
}

/** Two bytes of addresses: more than any LAN has, and it bounds what the pool may come to hold. */
const LARGEST = 0x10000;

/** `10.99.0.100-10.99.0.199`. Throws MalformedError. */
export function parseLeaseRange(text: string): LeaseRange {
  const ends = text.split("-");
  if (ends.length !== 2) throw new MalformedError(`not a range of addresses: "${text}"`);
  return { first: parseIpv4(ends[0]!.trim()), last: parseIpv4(ends[1]!.trim()) };
}

export function rangeSize({ first, last }: LeaseRange): number {
  return ipv4ToNumber(last) - ipv4ToNumber(first) + 1;
}

/** Why this range cannot be leased out on the LAN where the station has this address and subnet mask; null if it can. */
export function rangeProblem(range: LeaseRange, { address, netmask }: { address: Ipv4; netmask: Ipv4 }): string | null {
  const { first, last } = range;
  const text = `${first}-${last}`;
  if (rangeSize(range) < 1) return `the range ${text} ends before it begins`;
  if (rangeSize(range) > LARGEST) return `the range ${text} has more than ${LARGEST} addresses`;
  const { network, broadcast } = subnetOf(address, netmask);
  if (!inSubnet(first, address, netmask) || !inSubnet(last, address, netmask))
    return `the range ${text} is not in the station's subnet, ${network} to ${broadcast}`;
  const inRange = (each: Ipv4) => ipv4ToNumber(each) >= ipv4ToNumber(first) && ipv4ToNumber(each) <= ipv4ToNumber(last);
  if (inRange(address)) return `the range ${text} contains the station's own address ${address}`;
  for (const reserved of [network, broadcast])
    if (inRange(reserved)) return `the range ${text} contains ${reserved}, which no machine can have`;
  return null;
}
