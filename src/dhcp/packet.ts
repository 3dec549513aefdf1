import { ByteReader, ByteWriter } from "../wire/bytes.ts";
import { type Ipv4, ipv4FromBytes, ipv4ToBytes } from "../wire/ipv4.ts";
import { type MacAddress, macFromBytes } from "../wire/mac.ts";
import { MalformedError } from "../wire/malformed.ts";
import { latin1, latin1Bytes } from "./option-format.ts";
import {
  collectOptions,
  type DamagedOption,
  type DhcpOptions,
  type RawOptions,
  readOptions,
  writeOptions,
} from "./options.ts";
import { ETHERNET, Op, OptionCode, Overload } from "./registry.ts";

/** One DHCPv4 message; fields as RFC 2131 section 2 names them. */
export interface DhcpPacket {
  readonly op: number;
  readonly htype: number;
  readonly hlen: number;
  readonly hops: number;
  readonly xid: number;
  readonly secs: number;
  readonly flags: number;
  readonly ciaddr: Ipv4;
  readonly yiaddr: Ipv4;
  readonly siaddr: Ipv4;
  readonly giaddr: Ipv4;
  /** All 16 bytes as on the wire; the first `hlen` are the address. A reply repeats them unchanged. */
  readonly chaddr: Uint8Array;
  readonly sname: string;
  readonly file: string;
  readonly options: DhcpOptions;
  /** Options that came and cannot be read; left out where there are none. Never written. */
  readonly damaged?: readonly DamagedOption[];
}

// RFC 2131 section 3: the first four bytes of the options field.
const MAGIC_COOKIE = 0x63825363;
const CHADDR_BYTES = 16;
const SNAME = { offset: 44, length: 64 } as const;
const FILE = { offset: 108, length: 128 } as const;
const OPTIONS_OFFSET = 240;
// RFC 1542 section 2.1: a BOOTP message has at least 300 bytes, and some relays drop shorter ones.
const SHORTEST = 300;
// Nothing says how long a message may be; option 57 has not been seen above 1500. This bounds the work of joining pieces.
export const LONGEST_MESSAGE = 4096;

/**
 * Reads one datagram. Options are joined over the options field, `file` and `sname`, in that order (RFC 3396 section
 * 5). One option that cannot be read is lost by itself, since a device or a server is there whatever one option of it
 * says. MalformedError is for what cannot be read at all: a header that ends early or says impossible things, and plain
 * BOOTP without the magic cookie.
 */
export function decodePacket(bytes: Uint8Array): DhcpPacket {
  if (bytes.length > LONGEST_MESSAGE) throw new MalformedError(`a message of ${bytes.length} bytes`, LONGEST_MESSAGE);
  const reader = new ByteReader(bytes);
  const op = reader.u8();
  if (op !== Op.bootRequest && op !== Op.bootReply) throw new MalformedError(`op is ${op}`, 0);
  const htype = reader.u8();
  const hlen = reader.u8();
  if (hlen > CHADDR_BYTES) throw new MalformedError(`hlen is ${hlen}`, 2);
  const hops = reader.u8();
  const xid = reader.u32be();
  const secs = reader.u16be();
  const flags = reader.u16be();
  const ciaddr = ipv4FromBytes(reader.take(4));
  const yiaddr = ipv4FromBytes(reader.take(4));
  const siaddr = ipv4FromBytes(reader.take(4));
  const giaddr = ipv4FromBytes(reader.take(4));
  const chaddr = new Uint8Array(reader.take(CHADDR_BYTES));
  const sname = reader.take(SNAME.length);
  const file = reader.take(FILE.length);
  if (reader.u32be() !== MAGIC_COOKIE) throw new MalformedError("no DHCP magic cookie", OPTIONS_OFFSET - 4);

  const collected: RawOptions = new Map();
  const damaged: DamagedOption[] = [];
  collectOptions(reader.take(reader.remaining), OPTIONS_OFFSET, collected, damaged);
  const overload = readOverload(collected, damaged);
  const fileIsOptions = (overload & Overload.file) !== 0;
  const snameIsOptions = (overload & Overload.sname) !== 0;
  if (fileIsOptions) collectOptions(file, FILE.offset, collected, damaged);
  if (snameIsOptions) collectOptions(sname, SNAME.offset, collected, damaged);
  const options = readOptions(collected, damaged);
  return {
    ...{ op, htype, hlen, hops, xid, secs, flags, ciaddr, yiaddr, siaddr, giaddr, chaddr },
    sname: snameIsOptions ? "" : terminated(sname),
    file: fileIsOptions ? "" : terminated(file),
    options,
    ...(damaged.length === 0 ? {} : { damaged }),
  };
}

/** The same; null for a datagram that is malformed. */
export function tryDecodePacket(bytes: Uint8Array): DhcpPacket | null {
  try {
    return decodePacket(bytes);
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}

/**
 * Writes one message, at least 300 bytes long, never overloading `file` or `sname`. Throws RangeError for a value that
 * has no encoding (a name too long for its field, an option code that is not a value's).
 */
export function encodePacket(packet: DhcpPacket): Uint8Array {
  if (packet.chaddr.length !== CHADDR_BYTES) throw new RangeError(`chaddr has ${packet.chaddr.length} bytes, not 16`);
  const writer = new ByteWriter(576);
  writer.u8(packet.op).u8(packet.htype).u8(packet.hlen).u8(packet.hops);
  writer.u32be(packet.xid).u16be(packet.secs).u16be(packet.flags);
  for (const address of [packet.ciaddr, packet.yiaddr, packet.siaddr, packet.giaddr]) writer.put(ipv4ToBytes(address));
  writer.put(packet.chaddr);
  putTerminated(packet.sname, SNAME.length, writer);
  putTerminated(packet.file, FILE.length, writer);
  writer.u32be(MAGIC_COOKIE);
  writeOptions(packet.options, writer);
  if (writer.length < SHORTEST) writer.zeros(SHORTEST - writer.length);
  return writer.done();
}

/** The sender's Ethernet address, or null if it is on another kind of network. */
export function senderMac({ htype, hlen, chaddr }: DhcpPacket): MacAddress | null {
  return htype === ETHERNET.htype && hlen === ETHERNET.hlen ? macFromBytes(chaddr.subarray(0, hlen)) : null;
}

/** 0 where it cannot be read: `file` and `sname` are then names. */
function readOverload(collected: RawOptions, damaged: DamagedOption[]): number {
  const option = collected.get(OptionCode.optionOverload);
  if (option === undefined) return 0;
  const [value] = option.bytes;
  if (option.bytes.length === 1 && value !== undefined && value >= Overload.file && value <= Overload.both)
    return value;
  damaged.push({ code: OptionCode.optionOverload, what: "overload is not 1, 2 or 3" });
  return 0;
}

/** True if this option came and cannot be read. */
export function isDamaged({ damaged = [] }: DhcpPacket, code: number): boolean {
  return damaged.some((each) => each.code === code);
}

function terminated(field: Uint8Array): string {
  const end = field.indexOf(0);
  return latin1(end === -1 ? field : field.subarray(0, end));
}

function putTerminated(value: string, length: number, writer: ByteWriter): void {
  const bytes = latin1Bytes(value);
  if (bytes.length >= length || bytes.includes(0)) throw new RangeError(`"${value}" does not fit ${length} bytes`);
  writer.put(bytes).zeros(length - bytes.length);
}
