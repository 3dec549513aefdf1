import type { Guid } from "../wire/guid.ts";
import type { MacAddress } from "../wire/mac.ts";

// What firmware shows where nobody entered a value. One such mark would admit every mainboard of that kind unasked.
const UNSET_SERIAL =
  /^(to be filled by o\.?e\.?m\.?|default string|system serial number|serial number|not (specified|applicable|available)|none|n\/a|unknown|oem|invalid|chassis serial number|0+|1234567890?|x+)$/i;

/** SMBIOS section 7.2.1 (all 0: not present, all F: not set), and the value that AMI's firmware template comes with. */
const UNSET_UUID = /^(0{8}-(0{4}-){3}0{12}|F{8}-(F{4}-){3}F{12}|03000200-0400-0500-0006-000700080009)$/;

/** The first of these marks that names no one device, in words; null if there is none. */
export function commonMark({
  macs,
  serial,
  uuid,
}: {
  readonly macs: readonly MacAddress[];
  readonly serial: string | null;
  readonly uuid: Guid | null;
}): string | null {
  const group = macs.find((mac) => mac === "00:00:00:00:00:00" || Number.parseInt(mac.slice(0, 2), 16) % 2 === 1);
  if (group !== undefined) return `the MAC address ${group}`;
  if (serial !== null && UNSET_SERIAL.test(serial)) return `the serial "${serial}"`;
  return uuid !== null && UNSET_UUID.test(uuid) ? `the uuid ${uuid}` : null;
}
