import { ByteReader } from "../wire/bytes.ts";
import { MalformedError } from "../wire/malformed.ts";

/** A 64-bit little-endian ELF file, as far as the image needs to know it. */
interface Elf {
  /** The shared libraries it is linked with (DT_NEEDED), by soname. */
  readonly needed: readonly string[];
  /** The program loader it asks for (PT_INTERP), or null. */
  readonly interpreter: string | null;
  /** `key=value` pairs of a kernel module (section .modinfo), in their order. */
  readonly moduleInfo: readonly (readonly [key: string, value: string])[];
}

interface Section {
  readonly name: string;
  readonly type: number;
  readonly link: number;
  readonly bytes: Uint8Array;
}

const SHT_NOBITS = 8;
const SHT_DYNAMIC = 6;
const DT_NEEDED = 1n;

/**
 * Reads the section headers, as the System V ABI describes them.
 * @throws MalformedError if the bytes are not such a file.
 */
export function readElf(bytes: Uint8Array): Elf {
  const sections = readSections(bytes);
  const interpreter = sections.find(({ name }) => name === ".interp");
  const info = sections.find(({ name }) => name === ".modinfo");
  return {
    needed: readNeeded(sections),
    interpreter: interpreter === undefined ? null : stringAt(interpreter.bytes, 0),
    moduleInfo: info === undefined ? [] : readModuleInfo(info.bytes),
  };
}

function readSections(bytes: Uint8Array): Section[] {
  const head = new ByteReader(bytes);
  if (head.u32be() !== 0x7f454c46 || head.u8() !== 2 || head.u8() !== 1)
    throw new MalformedError("not a 64-bit little-endian ELF file");
  head.offset = 40;
  const tableOffset = Number(head.u64le());
  head.offset = 58;
  const [entrySize, count, namesIndex] = [head.u16le(), head.u16le(), head.u16le()];
  const raw = Array.from({ length: count }, (_, index) => {
    const entry = new ByteReader(bytes, tableOffset + index * entrySize);
    const [nameOffset, type] = [entry.u32le(), entry.u32le()];
    entry.take(16);
    const [offset, size, link] = [Number(entry.u64le()), Number(entry.u64le()), entry.u32le()];
    const contents = type === SHT_NOBITS ? new Uint8Array() : new ByteReader(bytes, offset).take(size);
    return { nameOffset, type, link, bytes: contents };
  });
  const names = raw[namesIndex]?.bytes;
  if (names === undefined) throw new MalformedError("ELF file without section names");
  return raw.map(({ nameOffset, ...rest }) => ({ name: stringAt(names, nameOffset), ...rest }));
}

function readNeeded(sections: readonly Section[]): string[] {
  const dynamic = sections.find(({ type }) => type === SHT_DYNAMIC);
  if (dynamic === undefined) return [];
  const strings = sections[dynamic.link]?.bytes ?? new Uint8Array();
  const reader = new ByteReader(dynamic.bytes);
  const needed: string[] = [];
  while (reader.remaining >= 16) {
    const [tag, value] = [reader.u64le(), reader.u64le()];
    if (tag === DT_NEEDED) needed.push(stringAt(strings, Number(value)));
  }
  return needed;
}

function readModuleInfo(bytes: Uint8Array): [string, string][] {
  const pairs = Buffer.from(bytes).toString("latin1").split("\0").filter(Boolean);
  return pairs.map((pair) => {
    const equals = pair.indexOf("=");
    return equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
  });
}

function stringAt(bytes: Uint8Array, offset: number): string {
  const end = bytes.indexOf(0, offset);
  if (offset > bytes.length || end < 0) throw new MalformedError("ELF string outside its table", offset);
  return Buffer.from(bytes.subarray(offset, end)).toString("latin1");
}
