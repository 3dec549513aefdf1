import { MalformedError } from "../wire/malformed.ts";

/** RFC 1350 section 5, RFC 2347 (OACK). */
export const Opcode = { RRQ: 1, WRQ: 2, DATA: 3, ACK: 4, ERROR: 5, OACK: 6 } as const;

/** RFC 1350 appendix "Error Codes"; 8 is RFC 2347's. */
export const ErrorCode = {
  undefined: 0,
  fileNotFound: 1,
  accessViolation: 2,
  illegalOperation: 4,
  unknownTransfer: 5,
  optionRefused: 8,
} as const;

/** Names and values as sent, in their order. */
export type Options = readonly (readonly [name: string, value: string])[];

export type TftpPacket =
  | { readonly opcode: "RRQ" | "WRQ"; readonly filename: string; readonly mode: string; readonly options: Options }
  | { readonly opcode: "DATA"; readonly block: number; readonly data: Uint8Array }
  | { readonly opcode: "ACK"; readonly block: number }
  | { readonly opcode: "ERROR"; readonly code: number; readonly message: string }
  | { readonly opcode: "OACK"; readonly options: Options };

/** Opcode and block number before the data of a DATA packet. */
export const DATA_HEADER = 4;

// RFC 2347 section "Packet Formats": a request packet has at most 512 octets.
const LONGEST_REQUEST = 512;

/** Reads one datagram; text is one character per byte. `data` is a view of `bytes`. Throws MalformedError. */
export function decodeTftp(bytes: Uint8Array): TftpPacket {
  const opcode = word(bytes, 0);
  switch (opcode) {
    case Opcode.ACK:
      // Some network cards' ROMs fill it up with bytes that mean nothing.
      return { opcode: "ACK", block: word(bytes, 2) };
    case Opcode.DATA:
      return { opcode: "DATA", block: word(bytes, 2), data: bytes.subarray(DATA_HEADER) };
    case Opcode.RRQ:
    case Opcode.WRQ: {
      if (bytes.length > LONGEST_REQUEST)
        throw new MalformedError(`a request of ${bytes.length} bytes`, LONGEST_REQUEST);
      const [filename, mode, ...rest] = strings(bytes, 2);
      if (filename === undefined || mode === undefined) throw new MalformedError("a request without a mode", 2);
      return { opcode: opcode === Opcode.RRQ ? "RRQ" : "WRQ", filename, mode, options: pairs(rest, bytes.length) };
    }
    case Opcode.ERROR:
      // Some firmware leaves out the NUL, or the message.
      return { opcode: "ERROR", code: word(bytes, 2), message: latin1(bytes, 4).split("\0", 1)[0]! };
    case Opcode.OACK:
      return { opcode: "OACK", options: pairs(strings(bytes, 2), bytes.length) };
    default:
      throw new MalformedError(`opcode ${opcode}`, 0);
  }
}

/** Writes one datagram. Throws RangeError for text with NUL or characters of more than one byte. */
export function encodeTftp(packet: TftpPacket): Uint8Array {
  switch (packet.opcode) {
    case "RRQ":
    case "WRQ":
      return concat(
        [0, Opcode[packet.opcode]],
        [packet.filename, packet.mode, ...packet.options.flat()].map(terminated).join(""),
      );
    case "DATA": {
      const bytes = new Uint8Array(DATA_HEADER + packet.data.length);
      writeDataHeader(bytes, packet.block);
      bytes.set(packet.data, DATA_HEADER);
      return bytes;
    }
    case "ACK":
      return Uint8Array.of(0, Opcode.ACK, packet.block >> 8, packet.block & 0xff);
    case "ERROR":
      return concat([0, Opcode.ERROR, packet.code >> 8, packet.code & 0xff], terminated(packet.message));
    case "OACK":
      return concat([0, Opcode.OACK], packet.options.flat().map(terminated).join(""));
  }
}

/** Writes the four bytes before a block's data. `block` is the number on the wire, 0 to 65535. */
export function writeDataHeader(into: Uint8Array, block: number, at = 0): void {
  into[at] = 0;
  into[at + 1] = Opcode.DATA;
  into[at + 2] = block >> 8;
  into[at + 3] = block & 0xff;
}

function word(bytes: Uint8Array, offset: number): number {
  const [high, low] = [bytes[offset], bytes[offset + 1]];
  if (high === undefined || low === undefined) throw new MalformedError("ends within its header", bytes.length);
  return (high << 8) | low;
}

/** NUL-terminated strings to the end of the packet. */
function strings(bytes: Uint8Array, offset: number): string[] {
  const whole = latin1(bytes, offset);
  if (whole === "") return [];
  if (!whole.endsWith("\0")) throw new MalformedError("a string without its NUL", bytes.length);
  return whole.slice(0, -1).split("\0");
}

function latin1(bytes: Uint8Array, offset: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1", offset);
}

function pairs(list: readonly string[], end: number): Options {
  if (list.length % 2 === 1) throw new MalformedError("an option without a value", end);
  return Array.from({ length: list.length / 2 }, (_, index) => [list[2 * index]!, list[2 * index + 1]!] as const);
}

function terminated(text: string): string {
  if (/[^\x01-\xff]/.test(text)) throw new RangeError("TFTP strings hold single bytes and no NUL");
  return `${text}\0`;
}

function concat(head: readonly number[], text: string): Uint8Array {
  return Uint8Array.from([...head, ...Buffer.from(text, "latin1")]);
}
