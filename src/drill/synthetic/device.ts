import { randomBytes } from "node:crypto";
import { type RecoveryPassword, randomRecoveryPassword } from "../../bitlocker/recovery-password.ts";
import { type Guid, guidFromBytes } from "../../wire/guid.ts";
import { type Ipv4, parseIpv4 } from "../../wire/ipv4.ts";
import { type MacAddress, parseMac } from "../../wire/mac.ts";

/** A device that is all protocol: what a real one would say, and none of its seconds of firmware and kernel. */
export interface SyntheticDevice {
  readonly name: string;
  readonly mac: MacAddress;
  readonly address: Ipv4;
  readonly uuid: Guid;
  readonly serial: string;
  /** Its volume's key protector, and the recovery password that opens it. */
  readonly protectorId: Guid;
  readonly password: RecoveryPassword;
}

/** Where the devices' addresses begin: 10.99.128.0/17. */
export const DEVICES_LAN = "10.99.128.0/17";
const HOSTS = 250;

export function makeDevices(count: number): SyntheticDevice[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `SYN-${String(index + 1).padStart(5, "0")}`,
    mac: parseMac(`525401${index.toString(16).padStart(6, "0")}`),
    address: parseIpv4(`10.99.${128 + Math.floor(index / HOSTS)}.${1 + (index % HOSTS)}`),
    uuid: guidFromBytes(randomBytes(16)),
    serial: `SN-${String(index + 1).padStart(5, "0")}`,
    protectorId: guidFromBytes(randomBytes(16)),
    password: randomRecoveryPassword(randomBytes(16)),
  }));
}
