import type { Firmware } from "../boot/table.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import type { MacAddress } from "../wire/mac.ts";
import type { DhcpMessage, DhcpSeen, LoadSeen, Seen, TlsSeen } from "./seen.ts";

/** One boot attempt of a device: from its firmware's first question to its next attempt, or to Windows. */
export interface Attempt {
  readonly number: number;
  readonly startedAt: number;
  over: "pxe" | "http" | null;
  firmware: Firmware | null;
  /** Who asked first: firmware, or an iPXE that the card has in its ROM. Null where the question was not seen. */
  program: "firmware" | "ipxe" | null;
  architecture: number | null;
  /** In the order of their beginning. */
  readonly seen: Seen[];
  /** How many were left out because there were too many, and when the first of them was. */
  lost: number;
  lostAt: number | null;
  lastAt: number;
  /** Windows asked for an address. */
  windows: boolean;
}

/** A device by its MAC address, or by its IPv4 address where the capture does not have its DHCP exchange. */
export interface Device {
  readonly name: MacAddress | Ipv4;
  readonly addresses: Ipv4[];
  readonly attempts: Attempt[];
  /** Older attempts that were left out. */
  lost: number;
}

export function dhcpOf(attempt: Attempt, message?: DhcpMessage): DhcpSeen[] {
  return attempt.seen.filter(
    (each): each is DhcpSeen => each.what === "dhcp" && (message === undefined || each.message === message),
  );
}

export function loadsOf(attempt: Attempt): LoadSeen[] {
  return attempt.seen.filter((each) => each.what === "load");
}

export function handshakesOf(attempt: Attempt): TlsSeen[] {
  return attempt.seen.filter((each) => each.what === "tls");
}

/** The firmware's own DHCP: not that of the programs it loaded. */
export function firmwareAsks(attempt: Attempt, message: "DISCOVER" | "REQUEST"): DhcpSeen[] {
  return dhcpOf(attempt, message).filter(({ program }) => program === "firmware" || program === "ipxe");
}

/** Offers and acknowledgements that lease an address. */
export function leases(attempt: Attempt, message: "OFFER" | "ACK"): DhcpSeen[] {
  return dhcpOf(attempt, message).filter(({ yiaddr, bootServer }) => yiaddr !== "0.0.0.0" && !bootServer);
}

/** True for an offer or acknowledgement by which firmware could boot: PXE 2.1, UEFI 24.7, or a plain boot file. */
export function boots({ vendorClass, bootFile }: DhcpSeen): boolean {
  return bootFile !== null || /^(PXE|HTTP)Client/.test(vendorClass ?? "");
}

/** UEFI 2.10 section 24.7.3.2: HTTP Boot firmware takes only answers that say so. */
export function isHttp({ vendorClass }: DhcpSeen): boolean {
  return vendorClass?.startsWith("HTTPClient") === true;
}

/** Who sent an answer, by its own word if it gives one. */
export function serverOf({ serverIdentifier, from }: DhcpSeen): Ipv4 {
  return serverIdentifier ?? from.address;
}

/** The last part of a name, in lower case: `//EFI/grubx64.efi?x` is `grubx64.efi`. */
export function baseName(name: string): string {
  return name.toLowerCase().split("?", 1)[0]!.split(/[/\\]/).at(-1)!;
}

/** True if all of the file arrived. */
export function isWhole({ ending, method, code, size, bytes, over }: LoadSeen): boolean {
  if (method === "HEAD" || ending === "refused") return false;
  if (over === "http" && (code === null || code >= 300)) return false;
  return ending === "finished" || (size !== null && size > 0 && bytes >= size);
}
