import type { ByteWriter } from "../wire/bytes.ts";
import type { Ipv4 } from "../wire/ipv4.ts";
import { MalformedError } from "../wire/malformed.ts";
import { address, byte, codes, type Format, raw, seconds, text, words } from "./option-format.ts";
import { OptionCode } from "./registry.ts";

/**
 * The options this project reads or writes, by the names of their RFCs, and all others as raw bytes by code. Option 52
 * (overload) is not among them: it says where options are, and decoding has used it up.
 */
export interface DhcpOptions {
  readonly subnetMask?: Ipv4;
  readonly hostName?: string;
  readonly vendorSpecificInformation?: Uint8Array;
  readonly requestedIpAddress?: Ipv4;
  /** Seconds. */
  readonly ipAddressLeaseTime?: number;
  readonly dhcpMessageType?: number;
  readonly serverIdentifier?: Ipv4;
  readonly parameterRequestList?: readonly number[];
  readonly vendorClassIdentifier?: string;
  readonly clientIdentifier?: Uint8Array;
  readonly tftpServerName?: string;
  readonly bootfileName?: string;
  /** Raw: iPXE sends the bare text `iPXE` where RFC 3004 wants length-prefixed items. */
  readonly userClass?: Uint8Array;
  readonly relayAgentInformation?: Uint8Array;
  readonly clientSystemArchitecture?: readonly number[];
  /** Raw: type, major, minor. Nothing depends on it, so a ROM that writes it wrongly is still heard. */
  readonly clientNetworkInterfaceIdentifier?: Uint8Array;
  /** Raw, so that it can be echoed as it came; `machineUuid` reads it. */
  readonly clientMachineIdentifier?: Uint8Array;
  readonly other?: ReadonlyMap<number, Uint8Array>;
}

type Named = Omit<DhcpOptions, "other">;
type Name = keyof Named;

const FORMATS: { readonly [N in Name]-?: Format<NonNullable<Named[N]>> } = {
  subnetMask: address,
  hostName: text,
  vendorSpecificInformation: raw,
  requestedIpAddress: address,
  ipAddressLeaseTime: seconds,
  dhcpMessageType: byte,
  serverIdentifier: address,
  parameterRequestList: codes,
  vendorClassIdentifier: text,
  clientIdentifier: raw,
  tftpServerName: text,
  bootfileName: text,
  userClass: raw,
  relayAgentInformation: raw,
  clientSystemArchitecture: words,
  clientNetworkInterfaceIdentifier: raw,
  clientMachineIdentifier: raw,
};

const NAMES = Object.keys(FORMATS) as Name[];
const NAME_OF: ReadonlyMap<number, Name> = new Map(NAMES.map((name) => [OptionCode[name], name]));
const UNWRITABLE: ReadonlySet<number> = new Set([OptionCode.pad, OptionCode.optionOverload, OptionCode.end]);
const LONGEST_PIECE = 255;
/**
 * Texts that boot ROMs read up to a NUL, whatever the option's length says, and so on into the next option or the end mark
 * (`shimx64.efi\xff`). A pad follows them: those ROMs find their NUL, and those that go by the length get the text alone.
 */
const READ_TO_NUL: ReadonlySet<number> = new Set([OptionCode.tftpServerName, OptionCode.bootfileName]);

/** Option values by code as they stand in a packet, pieces joined, with the offset of the first piece. */
export type RawOptions = Map<number, { readonly bytes: Uint8Array; readonly offset: number }>;

/** An option that cannot be read: what it would say is lost, and no other option with it. */
export interface DamagedOption {
  readonly code: number;
  /** Why, in a few words: `an option has 8 bytes, not 4`. */
  readonly what: string;
}

/**
 * Collects the options of one field. A code that comes again continues the value (RFC 2131 section 4.1, RFC 3396
 * section 7). A field that ends without `end` is accepted: BOOTP relays cut it off.
 * `offset` is where the field stands in its packet. An option that runs over the field's end is damaged, and the last.
 */
export function collectOptions(field: Uint8Array, offset: number, into: RawOptions, damaged: DamagedOption[]): void {
  let at = 0;
  while (at < field.length) {
    const code = field[at]!;
    if (code === OptionCode.end) return;
    if (code === OptionCode.pad) {
      at += 1;
      continue;
    }
    const length = field[at + 1];
    if (length === undefined || at + 2 + length > field.length) {
      damaged.push({ code, what: "an option runs over the end of its field" });
      return;
    }
    const piece = field.subarray(at + 2, at + 2 + length);
    const before = into.get(code);
    into.set(code, {
      bytes: before === undefined ? new Uint8Array(piece) : joined(before.bytes, piece),
      offset: before?.offset ?? offset + at,
    });
    at += 2 + length;
  }
}

/** Gives collected options their names and types. A value of the wrong size is damaged. */
export function readOptions(collected: RawOptions, damaged: DamagedOption[]): DhcpOptions {
  const options: Record<string, unknown> = {};
  const other = new Map<number, Uint8Array>();
  for (const [code, { bytes, offset }] of collected) {
    // Of a value that goes on in a piece which cannot be read, the pieces before it say something else than its sender.
    if (damaged.some((each) => each.code === code)) continue;
    const name = NAME_OF.get(code);
    if (name === undefined) {
      if (code !== OptionCode.optionOverload) other.set(code, bytes);
      continue;
    }
    try {
      options[name] = FORMATS[name].read(bytes, offset);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      damaged.push({ code, what: error.what });
    }
  }
  if (other.size > 0) options.other = other;
  return options as DhcpOptions;
}

/**
 * Writes options and the closing `end`: the message type first, since some ROMs look for it there; then by code; the
 * relay agent's last (RFC 3046 section 2.1). Values over 255 bytes are split (RFC 3396 section 6).
 */
export function writeOptions(options: DhcpOptions, writer: ByteWriter): void {
  const values = new Map<number, Uint8Array>();
  for (const name of NAMES) {
    const value = options[name];
    if (value !== undefined) values.set(OptionCode[name], (FORMATS[name] as Format<unknown>).write(value));
  }
  for (const [code, bytes] of options.other ?? []) {
    if (UNWRITABLE.has(code) || NAME_OF.has(code) || code < 0 || code > OptionCode.end)
      throw new RangeError(`option ${code} cannot be written as raw bytes`);
    values.set(code, bytes);
  }
  for (const code of [...values.keys()].sort((one, two) => rank(one) - rank(two))) {
    const bytes = values.get(code)!;
    let at = 0;
    do {
      const piece = bytes.subarray(at, at + LONGEST_PIECE);
      writer.u8(code).u8(piece.length).put(piece);
      at += LONGEST_PIECE;
    } while (at < bytes.length);
    if (READ_TO_NUL.has(code)) writer.u8(OptionCode.pad);
  }
  writer.u8(OptionCode.end);
}

function rank(code: number): number {
  if (code === OptionCode.dhcpMessageType) return 0;
  return code === OptionCode.relayAgentInformation ? OptionCode.end : code;
}

function joined(one: Uint8Array, two: Uint8Array): Uint8Array {
  const whole = new Uint8Array(one.length + two.length);
  whole.set(one);
  whole.set(two, one.length);
  return whole;
}
