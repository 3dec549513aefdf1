import { type Guid, parseGuid } from "../wire/guid.ts";
import { type MacAddress, parseMac } from "../wire/mac.ts";
import { MalformedError } from "../wire/malformed.ts";

/** One field of a line, both ways. `read` throws MalformedError; `write(read(x)) = x` for every x it accepts. */
export interface Field<T> {
  readonly read: (field: string) => T;
  readonly write: (value: T) => string;
}

const NONE = "-";
const SAFE = /[A-Za-z0-9._:/\-{}#=,+@]/;
// Text goes to operators' terminals and screens: control characters have no business in it.
const CONTROL = /[\x00-\x1f\x7f-\x9f]/;

/** UTF-8, percent-encoded (upper-case hex) except the characters A-Z a-z 0-9 and `._:/-{}#=,+@`. */
export function percentEncode(text: string): string {
  return Array.from(Buffer.from(text, "utf8"), (byte) => {
    const character = String.fromCharCode(byte);
    return SAFE.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

function percentDecode(field: string): string {
  if (!/^([A-Za-z0-9._:/\-{}#=,+@]|%[0-9A-F]{2})*$/.test(field)) throw new MalformedError("not percent-encoded text");
  const bytes = Buffer.from(
    field.replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new MalformedError("percent-encoded bytes are not UTF-8");
  }
  return text;
}

/** Any text but the empty one. A lone hyphen is written `%2D`, for a bare one means none. */
export function text(maximum = 512): Field<string> {
  return {
    read(field) {
      const value = percentDecode(field);
      if (value === "" || field === NONE) throw new MalformedError("an empty field");
      if (value.length > maximum) throw new MalformedError(`longer than ${maximum} characters`);
      if (CONTROL.test(value)) throw new MalformedError("a control character");
      if (writeText(value) !== field) throw new MalformedError("percent-encoded where it need not be");
      return value;
    },
    write: writeText,
  };
}

function writeText(value: string): string {
  if (value === "") throw new RangeError("an empty field has no form");
  return value === NONE ? "%2D" : percentEncode(value);
}

/** Text that follows a pattern and needs no encoding. */
export function pattern<T extends string = string>(what: string, expression: RegExp): Field<T> {
  return {
    read(field) {
      if (!expression.test(field)) throw new MalformedError(`not ${what}`);
      return field as T;
    },
    write: (value) => value,
  };
}

export function word<const W extends string>(words: readonly W[]): Field<W> {
  return {
    read(field) {
      if (!words.includes(field as W)) throw new MalformedError(`not one of ${words.join(" ")}`);
      return field as W;
    },
    write: (value) => value,
  };
}

/** A decimal integer in its one spelling, `minimum` to `maximum`. */
export function integer(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): Field<number> {
  return {
    read(field) {
      const value = /^(0|-?[1-9][0-9]{0,15})$/.test(field) ? Number(field) : Number.NaN;
      if (!(value >= minimum && value <= maximum))
        throw new MalformedError(`not a whole number from ${minimum} to ${maximum}`);
      return value;
    },
    write: String,
  };
}

/** `-` for none or unknown. */
export function optional<T>(field: Field<T>): Field<T | null> {
  return {
    read: (text) => (text === NONE ? null : field.read(text)),
    write: (value) => (value === null ? NONE : field.write(value)),
  };
}

export const guid: Field<Guid> = {
  read(field) {
    const value = parseGuid(field);
    if (value !== field) throw new MalformedError("a GUID is upper case without braces");
    return value;
  },
  write: (value) => value,
};

export const mac: Field<MacAddress> = {
  read(field) {
    const value = parseMac(field);
    if (value !== field) throw new MalformedError("a MAC address is lower case with colons");
    return value;
  },
  write: (value) => value,
};

export const hex256 = pattern("64 lower-case hex digits", /^[0-9a-f]{64}$/);
export const hexBytes = pattern("1 to 64 bytes in lower-case hex", /^([0-9a-f]{2}){1,64}$/);
/** A name that is also a folder's name on the device: campaign and session IDs. */
export const identifier = pattern("an identifier", /^[A-Za-z0-9]([A-Za-z0-9_-]|\.(?=[A-Za-z0-9_-])){0,63}$/);
