import { type Guid, guidFromBytes } from "../wire/guid.ts";
import type { DhcpOptions } from "./options.ts";

const TYPE_UUID = 0;

/**
 * The SMBIOS UUID of option 97 (RFC 4578 section 2.3: a type byte of 0, then 16 bytes as SMBIOS stores them), or null
 * where there is none to be had: no option, another length or type, or all bytes 00 or FF, which is how SMBIOS (7.2.1)
 * says "not set". Never an error: ROMs get this option wrong, their devices need rescue as much as others, and the UUID
 * is a hint for the inventory, not a proof of anything.
 */
export function machineUuid({ clientMachineIdentifier: bytes }: DhcpOptions): Guid | null {
  if (bytes === undefined || bytes.length !== 17 || bytes[0] !== TYPE_UUID) return null;
  const uuid = bytes.subarray(1);
  const unset = uuid.every((byte) => byte === 0x00) || uuid.every((byte) => byte === 0xff);
  return unset ? null : guidFromBytes(uuid);
}
