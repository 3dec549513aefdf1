import type { Guid } from "../wire/guid.ts";
import type { MacAddress } from "../wire/mac.ts";

/**
 * What boards say whose maker set no UUID: many have one of these. SMBIOS (7.2.1) has all 00 and all FF for "not set";
 * the others are what board makers ship unchanged.
 */
const PLACEHOLDERS: ReadonlySet<string> = new Set([
  "00000000-0000-0000-0000-000000000000",
  "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
  "03000200-0400-0500-0006-000700080009",
  "00020003-0004-0005-0006-000700080009",
  "12345678-1234-5678-90AB-CDDEEFAABBCC",
  "FEFEFEFE-FEFE-FEFE-FEFE-FEFEFEFEFEFE",
  "10000000-0000-8000-0040-000000000000",
]);

/**
 * A machine's UUID in the spelling it is compared by, or null if it tells nothing. Firmware disagrees about the byte
 * order of the first three fields (SMBIOS 2.6, 7.2.1), and one machine may say both: of the two spellings the lesser.
 */
export function machineOf(uuid: Guid | null | undefined): string | null {
  if (uuid === null || uuid === undefined) return null;
  const own = uuid.toUpperCase();
  const [a = "", b = "", c = "", ...rest] = own.split("-");
  const other = [...[a, b, c].map(swapped), ...rest].join("-");
  if (PLACEHOLDERS.has(own) || PLACEHOLDERS.has(other)) return null;
  return own < other ? own : other;
}

/** True if both are known, and are two machines. */
export function areTwo(one: Guid | null | undefined, other: Guid | null | undefined): boolean {
  const [first, second] = [machineOf(one), machineOf(other)];
  return first !== null && second !== null && first !== second;
}

/** By what a device is told apart: one adapter or dock serves many machines, and one machine has several cards. */
export function machineKey(mac: MacAddress, uuid: Guid | null | undefined): string {
  return `${mac} ${machineOf(uuid) ?? ""}`;
}

/**
 * True if a host name that Windows gave itself can be the one that the inventory has: in any case, without its domain,
 * and cut to the 15 characters of a NetBIOS name.
 */
export function isHostName(said: string, known: string): boolean {
  const [one, other] = [said, known].map((name) => name.split(".")[0]!.toLowerCase());
  return one !== "" && (one === other || (one!.length === 15 && other!.startsWith(one!)));
}

function swapped(field: string): string {
  return (field.match(/../g) ?? []).reverse().join("");
}
