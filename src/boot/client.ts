import { machineUuid } from "../dhcp/machine-uuid.ts";
import { latin1 } from "../dhcp/option-format.ts";
import type { DhcpOptions } from "../dhcp/options.ts";
import { type DhcpPacket, senderMac } from "../dhcp/packet.ts";
import { MessageType, Op, OptionCode } from "../dhcp/registry.ts";
import type { Guid } from "../wire/guid.ts";
import type { MacAddress } from "../wire/mac.ts";
import type { ImageId } from "./image-id.ts";
import { BOOT_TABLE, type BootRow, type Firmware } from "./table.ts";

/** A device whose firmware asks to be booted from the network, and that there is a loader for. */
export interface BootClient {
  readonly ours: true;
  readonly device: MacAddress;
  readonly uuid: Guid | null;
  /** The value of option 93 that the row was found by. */
  readonly architecture: number;
  readonly firmware: Firmware;
  readonly over: "pxe" | "http";
  readonly image: ImageId;
  readonly loader: string;
  /** DHCPDISCOVER, or DHCPREQUEST. */
  readonly asks: "discover" | "request";
  /** iPXE asks in the firmware's name: from an option ROM, or because someone chain-loaded it. */
  readonly program: "firmware" | "ipxe";
}

export type NotOursReason =
  /** A reply, or a message that wants nothing (RELEASE, DECLINE, plain BOOTP). */
  | "not-asking"
  | "not-ethernet"
  /** Windows is up on it. */
  | "windows"
  /** A small Linux is up on it: the recovery image itself, most likely. */
  | "udhcp"
  /** Any other DHCP client. */
  | "not-network-boot"
  | "architecture-unknown"
  | "no-loader";

/** A packet that is not answered. */
export interface NotOurs {
  readonly ours: false;
  readonly reason: NotOursReason;
  readonly device: MacAddress | null;
  /** Known where the reason is `no-loader`. */
  readonly firmware: Firmware | null;
}

const ASKING: ReadonlySet<number | undefined> = new Set([
  MessageType.discover,
  MessageType.request,
  MessageType.inform,
]);

/** Who sent this packet, whichever port (67 or 4011) it came in on. */
export function identify(packet: DhcpPacket): BootClient | NotOurs {
  const { options } = packet;
  const device = senderMac(packet);
  const not = (reason: NotOursReason, firmware: Firmware | null = null): NotOurs => ({
    ...{ ours: false, reason, device, firmware },
  });

  const type = options.dhcpMessageType;
  if (packet.op !== Op.bootRequest || !ASKING.has(type)) return not("not-asking");
  if (device === null) return not("not-ethernet");
  const vendorClass = options.vendorClassIdentifier ?? "";
  if (vendorClass.startsWith("MSFT ")) return not("windows");
  if (vendorClass.startsWith("udhcp")) return not("udhcp");
  const over = networkBoot(vendorClass);
  if (over === null) return not("not-network-boot");
  if (type === MessageType.inform) return not("not-asking");

  const found = findRow(options, vendorClass, over);
  if (found === null) return not("architecture-unknown");
  const { architecture, row } = found;
  if (row.boots === null) return not("no-loader", row.firmware);
  return {
    ours: true,
    device,
    uuid: machineUuid(options),
    architecture,
    firmware: row.firmware,
    over,
    image: row.boots.image,
    loader: row.boots.loader,
    asks: type === MessageType.discover ? "discover" : "request",
    program: isIpxe(options) ? "ipxe" : "firmware",
  };
}

/** PXE 2.1 section 2.2.1 (`PXEClient:Arch:xxxxx:UNDI:yyyzzz`); UEFI section 24.7.2 (`HTTPClient:...`). */
function networkBoot(vendorClass: string): "pxe" | "http" | null {
  if (/^PXEClient(:|$)/.test(vendorClass)) return "pxe";
  return /^HTTPClient(:|$)/.test(vendorClass) ? "http" : null;
}

/** The first architecture named that has a row; ROMs without option 93 still name theirs in option 60. */
function findRow(
  options: DhcpOptions,
  vendorClass: string,
  over: "pxe" | "http",
): { architecture: number; row: BootRow } | null {
  const inClass = /:Arch:(\d{5})/.exec(vendorClass)?.[1];
  const named = options.clientSystemArchitecture ?? (inClass === undefined ? [] : [Number(inClass)]);
  for (const architecture of named) {
    const row = BOOT_TABLE.get(architecture);
    if (row?.over === over) return { architecture, row };
  }
  return null;
}

function isIpxe({ userClass, other }: DhcpOptions): boolean {
  const named = userClass !== undefined && latin1(userClass).includes("iPXE");
  return named || other?.has(OptionCode.etherboot) === true;
}
