import { identify } from "../boot/client.ts";
import { machineUuid } from "../dhcp/machine-uuid.ts";
import { type DhcpPacket, senderMac } from "../dhcp/packet.ts";
import { ETHERNET, INFINIBAND, MessageType, Op, Port } from "../dhcp/registry.ts";
import { ANY_ADDRESS } from "../wire/ipv4.ts";
import { type MacAddress, macFromBytes } from "../wire/mac.ts";
import type { DhcpMessage, DhcpProgram, DhcpSeen, Peer } from "./seen.ts";
import { plainText } from "./text.ts";

const MESSAGES: ReadonlyMap<number | undefined, DhcpMessage> = new Map<number | undefined, DhcpMessage>([
  [MessageType.discover, "DISCOVER"],
  [MessageType.offer, "OFFER"],
  [MessageType.request, "REQUEST"],
  [MessageType.decline, "DECLINE"],
  [MessageType.ack, "ACK"],
  [MessageType.nak, "NAK"],
  [MessageType.release, "RELEASE"],
  [MessageType.inform, "INFORM"],
]);

/** PXE 2.1 table 2-1: discovery control, boot servers, boot menu, menu prompt. */
const MENU_TAGS: ReadonlySet<number> = new Set([6, 8, 9, 10]);
const DISCOVERY_CONTROL = 6;
/** "Only use the boot file name in the initial offer": with it there is no menu. */
const USE_BOOT_FILE = 0x08;

/** Option 60 of the recovery image's own DHCP client. */
const RECOVERY_IMAGE = "breakglass";

/** What is kept of a packet, or null where it is of no use here: plain BOOTP, or another kind of network. */
export function dhcpSeen(
  packet: DhcpPacket,
  where: {
    readonly at: number;
    readonly frame: number | null;
    readonly from: Peer;
    readonly to: Peer;
  },
): DhcpSeen | null {
  const { options } = packet;
  const infiniBand = packet.htype === INFINIBAND.htype;
  const device = infiniBand ? guidMac(packet) : senderMac(packet);
  const message = MESSAGES.get(options.dhcpMessageType);
  if (device === null || message === undefined) return null;
  const { at, frame, from, to } = where;
  const text = (value: string | undefined) => (value === undefined || value === "" ? null : plainText(value));
  const saysPxe = text(options.vendorClassIdentifier)?.startsWith("PXEClient") === true;
  const inClass = /:Arch:(\d{5})/.exec(options.vendorClassIdentifier ?? "")?.[1];
  return {
    ...{ what: "dhcp", at, endedAt: at, frames: frame === null ? null : [frame, frame], from, to, device, message },
    ...{ times: 1, xid: packet.xid, program: packet.op === Op.bootRequest ? programOf(packet, from) : "other" },
    bootServer: from.port === Port.bootServer || to.port === Port.bootServer,
    vendorClass: text(options.vendorClassIdentifier),
    architecture: options.clientSystemArchitecture?.[0] ?? (inClass === undefined ? null : Number(inClass)),
    uuid: machineUuid(options),
    ...{ ciaddr: packet.ciaddr, yiaddr: packet.yiaddr, siaddr: packet.siaddr, giaddr: packet.giaddr },
    serverIdentifier: options.serverIdentifier ?? null,
    requestedAddress: options.requestedIpAddress ?? null,
    tftpServerName: text(options.tftpServerName),
    bootFile: text(options.bootfileName) ?? text(packet.file),
    infiniBand,
    // Without option 60, option 43 is another vendor's: access points find their controller by it.
    bootMenu: saysPxe && offersMenu(options.vendorSpecificInformation),
    otherVendor: !saysPxe && options.vendorSpecificInformation !== undefined,
    relayInformation: options.relayAgentInformation !== undefined,
  };
}

function programOf(packet: DhcpPacket, from: Peer): DhcpProgram {
  const { vendorClassIdentifier = "", dhcpMessageType } = packet.options;
  if (vendorClassIdentifier.startsWith(RECOVERY_IMAGE)) return "recovery-image";
  // Who has no lease yet sends from 0.0.0.0 (RFC 2131 section 4.1): this is a station's watch for other boot servers.
  const direct = packet.giaddr === ANY_ADDRESS && from.port === Port.client && from.address !== ANY_ADDRESS;
  if (direct && dhcpMessageType === MessageType.discover) return "other";
  // What it is does not hang on its network.
  const client = identify(packet.htype === INFINIBAND.htype ? { ...packet, ...ETHERNET } : packet);
  if (client.ours) return client.program;
  if (client.reason === "windows") return "windows";
  if (client.reason === "udhcp") return "recovery-image";
  const boots = client.reason === "no-loader" || client.reason === "architecture-unknown";
  return boots ? "firmware" : "other";
}

/**
 * On InfiniBand a sender names itself in option 61 (RFC 4390 section 2.1), whose last 8 bytes are its port's GUID, as
 * Mellanox and others write it: a MAC address with two bytes in its middle. Null where it names none.
 */
function guidMac({ options: { clientIdentifier } }: DhcpPacket): MacAddress | null {
  if (clientIdentifier === undefined || clientIdentifier.length < 12) return null;
  const guid = clientIdentifier.subarray(-8);
  return macFromBytes(Uint8Array.of(...guid.subarray(0, 3), ...guid.subarray(5)));
}

/** Tags, lengths and values until 255 (PXE 2.1 section 2.1). What is not written so is no menu. */
function offersMenu(bytes: Uint8Array | undefined): boolean {
  let menu = false;
  for (let at = 0; bytes !== undefined && at + 1 < bytes.length && bytes[at] !== 255; ) {
    const tag = bytes[at]!;
    if (tag === 0) {
      at += 1;
      continue;
    }
    if (tag === DISCOVERY_CONTROL && ((bytes[at + 2] ?? 0) & USE_BOOT_FILE) !== 0) return false;
    menu ||= MENU_TAGS.has(tag);
    at += 2 + bytes[at + 1]!;
  }
  return menu;
}

/** True for a repetition: the same question or answer, word for word as far as is kept. */
export function repeats(one: DhcpSeen, two: DhcpSeen): boolean {
  return IDENTITY.every((field) => one[field] === two[field]) && one.from.address === two.from.address;
}

const IDENTITY = [
  ...["message", "xid", "bootServer", "program", "vendorClass", "architecture", "ciaddr", "yiaddr", "siaddr"],
  ...[
    "infiniBand",
    "otherVendor",
    "giaddr",
    "serverIdentifier",
    "requestedAddress",
    "tftpServerName",
    "bootFile",
    "bootMenu",
    "relayInformation",
  ],
] as readonly (keyof DhcpSeen)[];
