import type { Ipv4 } from "../wire/ipv4.ts";
import type { MacAddress } from "../wire/mac.ts";

/** An interface that a station serves on. */
export interface ServedInterface {
  readonly name: string;
  readonly address: Ipv4;
  readonly netmask: Ipv4;
  readonly mac: MacAddress;
}
