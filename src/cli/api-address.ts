import { InvalidArgumentError } from "commander";
import { ANY_ADDRESS, type Ipv4, parseIpv4 } from "../wire/ipv4.ts";

/** Where the operator API listens. */
export interface ApiAddress {
  readonly address: Ipv4;
  readonly port: number;
}

/** On this machine alone, unless somebody says otherwise: the recovery LAN is hostile. */
export const API_DEFAULT: ApiAddress = { address: parseIpv4("127.0.0.1"), port: 8443 };

/** `[ADDRESS:]PORT` of `serve --api`; alone it is loopback's usual one. */
export function parseApiAddress(text: string): ApiAddress {
  const [, address, port] = /^(?:([0-9.]+):)?([0-9]{1,5})$/.exec(text) ?? [];
  if (port === undefined)
    throw new InvalidArgumentError("An address and port of this machine, such as 127.0.0.1:8443.");
  return { address: address === undefined ? API_DEFAULT.address : parseAddress(address), port: parsePort(port) };
}

export function parseAddress(text: string): Ipv4 {
  const refuse = (why: string): never => {
    throw new InvalidArgumentError(why);
  };
  try {
    const address = parseIpv4(text);
    // On all addresses it would be on the recovery LAN too, under a certificate that fits none of them.
    return address === ANY_ADDRESS ? refuse("One address of this machine: the certificate names it.") : address;
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error;
    return refuse("An IPv4 address of this machine, such as 127.0.0.1.");
  }
}

export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^[0-9]{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError("A port from 1 to 65535; 0 for any.");
  return port;
}
