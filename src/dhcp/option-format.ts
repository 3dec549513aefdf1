import { type Ipv4, ipv4FromBytes, ipv4ToBytes } from "../wire/ipv4.ts";
import { MalformedError } from "../wire/malformed.ts";

/** How one kind of option value is written. `read` throws MalformedError at `offset`; `write` throws RangeError. */
export interface Format<T> {
  read(bytes: Uint8Array, offset: number): T;
  write(value: T): Uint8Array;
}

/** RFC 2132 section 2: senders SHOULD NOT end a string with NUL, receivers MUST be prepared to delete it. */
export const text: Format<string> = {
  read: (bytes) => latin1(bytes).replace(/\0+$/, ""),
  write(value) {
    if (value.endsWith("\0")) throw new RangeError("a string option does not end with NUL");
    return latin1Bytes(value);
  },
};

export const raw: Format<Uint8Array> = { read: (bytes) => bytes, write: (value) => value };

export const byte: Format<number> = {
  read: (bytes, offset) => sized(bytes, 1, offset)[0]!,
  write: (value) => Uint8Array.of(value),
};

export const codes: Format<readonly number[]> = {
  read: (bytes) => [...bytes],
  write: (value) => Uint8Array.from(value),
};

export const address: Format<Ipv4> = {
  read: (bytes, offset) => ipv4FromBytes(sized(bytes, 4, offset)),
  write: ipv4ToBytes,
};

export const seconds: Format<number> = {
  read(bytes, offset) {
    const [one, two, three, four] = sized(bytes, 4, offset);
    return ((one! << 24) | (two! << 16) | (three! << 8) | four!) >>> 0;
  },
  write: (value) => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value),
};

/** A list of 16-bit numbers, at least one (RFC 4578 section 2.1). */
export const words: Format<readonly number[]> = {
  read(bytes, offset) {
    if (bytes.length === 0 || bytes.length % 2 === 1)
      throw new MalformedError(`a list of 16-bit numbers has ${bytes.length} bytes`, offset);
    return Array.from({ length: bytes.length / 2 }, (_, index) => (bytes[2 * index]! << 8) | bytes[2 * index + 1]!);
  },
  write: (value) => Uint8Array.from(value.flatMap((word) => [word >> 8, word & 0xff])),
};

function sized(bytes: Uint8Array, length: number, offset: number): Uint8Array {
  if (bytes.length !== length) throw new MalformedError(`an option has ${bytes.length} bytes, not ${length}`, offset);
  return bytes;
}

/** One character per byte, so that any bytes come back as they were. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

export function latin1Bytes(value: string): Uint8Array {
  if (/[^\0-\xff]/.test(value)) throw new RangeError("DHCP strings hold single bytes");
  return new Uint8Array(Buffer.from(value, "latin1"));
}
