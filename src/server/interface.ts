import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import type { ServedInterface } from "../station/served-interface.ts";
import { type Ipv4, parseIpv4 } from "../wire/ipv4.ts";
import { parseMac } from "../wire/mac.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { inSubnet } from "../wire/subnet.ts";

/**
 * The interface the operator named. Never guesses: boot servers that answer on the wrong LAN boot machines that nobody
 * asked about. `address` picks one where the interface has several.
 */
export function findInterface(name: string, address?: Ipv4): ServedInterface {
  const all = networkInterfaces();
  const found = all[name];
  const names = Object.entries(all)
    .filter(([, addresses]) => addresses?.some(({ internal, family }) => !internal && family === "IPv4"))
    .map(([other]) => other);
  const others =
    names.length === 0 ? "None is up that has an IPv4 address." : `Up, with an address: ${names.join(", ")}.`;
  if (found === undefined)
    throw refuse(`There is no interface ${name} that is up and has an address`, `See \`ip address\`. ${others}`);
  if (found.some(({ internal }) => internal)) throw refuse(`No device can reach ${name}`, `Name a LAN's. ${others}`);
  const addresses = found.filter(({ family }) => family === "IPv4");
  if (addresses.length === 0)
    throw refuse(`${name} has no IPv4 address`, `Give it one, such as: ip address add 10.99.0.2/24 dev ${name}`);
  const picked = address === undefined ? addresses : addresses.filter((each) => each.address === address);
  const list = addresses.map((each) => each.address).join(", ");
  if (picked.length === 0) throw refuse(`${name} does not have the address ${address}`, `It has: ${list}.`);
  if (picked.length > 1) throw refuse(`${name} has several IPv4 addresses`, `Say which with --address: ${list}.`);
  const [{ address: found4, netmask, mac }] = picked as [NetworkInterfaceInfo];
  return { name, address: parseIpv4(found4), netmask: parseIpv4(netmask), mac: parseMac(mac) };
}

/**
 * All interfaces that the operator named. `addresses` picks where one has several. Two in one subnet are refused: each
 * device there would be answered twice, and Linux would answer for both addresses on either (arp_filter).
 */
export function findInterfaces(names: readonly string[], addresses: readonly Ipv4[]): ServedInterface[] {
  const [only] = addresses;
  if (names.length === 1 && addresses.length < 2) return [findInterface(names[0]!, only)];
  const all = networkInterfaces();
  const served = [...new Set(names)].map((name) => {
    const own = addresses.filter((address) => all[name]?.some((each) => each.address === address));
    return findInterface(name, own[0]);
  });
  const nobodys = addresses.find((address) => served.every((each) => each.address !== address));
  if (nobodys !== undefined)
    throw refuse(`No interface that you named is to be served at ${nobodys}`, "Say one --address for each interface.");
  for (const [index, one] of served.entries())
    for (const two of served.slice(index + 1))
      if (inSubnet(one.address, two.address, one.netmask) || inSubnet(one.address, two.address, two.netmask))
        throw refuse(`${one.name} and ${two.name} are in one subnet`, "Name one of them.");
  return served;
}

function refuse(what: string, next: string): OperatorError {
  return new OperatorError(`${what}. Nothing was started.`, next, ExitCode.environment);
}
