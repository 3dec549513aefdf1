import { MalformedError } from "./malformed.ts";

/**
 * One member of an initramfs archive. `path` has no leading slash and no "." or ".." parts; `mode` is the twelve
 * permission bits. Everything belongs to root.
 */
export type CpioEntry =
  | { readonly kind: "directory"; readonly path: string; readonly mode: number }
  | { readonly kind: "file"; readonly path: string; readonly mode: number; readonly bytes: Uint8Array }
  | { readonly kind: "symlink"; readonly path: string; readonly to: string }
  | {
      readonly kind: "character-device";
      readonly path: string;
      readonly mode: number;
      readonly major: number;
      readonly minor: number;
    };

const MAGIC = "070701";
const HEADER = 110;
const TRAILER = "TRAILER!!!";
/** Archives end on a multiple of the block size that cpio(1) uses, so that a further archive can follow directly. */
const BLOCK = 512;
const TYPE = { directory: 0o040000, file: 0o100000, symlink: 0o120000, "character-device": 0o020000 } as const;
const NAME_LIMIT = 4096;

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

interface Member {
  readonly ino: number;
  readonly mode: number;
  readonly links: number;
  readonly major: number;
  readonly minor: number;
  readonly name: Uint8Array;
  readonly data: Uint8Array;
}

/**
 * An archive in the "newc" format (Linux, Documentation/driver-api/early-userspace/buffer-format.rst), members in the
 * order given, no times, owner root: equal entries give equal bytes. The length is a multiple of 512.
 * @throws RangeError if a path is not relative and canonical, or a mode or device number is out of range.
 */
export function encodeCpio(entries: readonly CpioEntry[]): Uint8Array {
  const members = entries.map(toMember);
  members.push({
    ino: 0,
    mode: 0,
    links: 1,
    major: 0,
    minor: 0,
    name: encoder.encode(TRAILER),
    data: new Uint8Array(),
  });
  const length = members.reduce((sum, { name, data }) => pad4(pad4(sum + HEADER + name.length + 1) + data.length), 0);
  const archive = new Uint8Array(Math.ceil(length / BLOCK) * BLOCK);
  let offset = 0;
  for (const { ino, mode, links, major, minor, name, data } of members) {
    const fields = [ino, mode, 0, 0, links, 0, data.length, 0, 0, major, minor, name.length + 1, 0];
    const header = MAGIC + fields.map((field) => field.toString(16).toUpperCase().padStart(8, "0")).join("");
    archive.set(encoder.encode(header), offset);
    archive.set(name, offset + HEADER);
    offset = pad4(offset + HEADER + name.length + 1);
    archive.set(data, offset);
    offset = pad4(offset + data.length);
  }
  return archive;
}

function toMember(entry: CpioEntry, index: number): Member {
  if (!isCanonicalPath(entry.path)) throw new RangeError(`not a relative, canonical path: ${entry.path}`);
  const permissions = entry.kind === "symlink" ? 0o777 : entry.mode;
  if (!Number.isInteger(permissions) || permissions < 0 || permissions > 0o7777)
    throw new RangeError(`mode of ${entry.path}`);
  const { major, minor } = entry.kind === "character-device" ? entry : { major: 0, minor: 0 };
  for (const number of [major, minor])
    if (!Number.isInteger(number) || number < 0 || number > 0xffffffff) throw new RangeError(`device ${entry.path}`);
  if (entry.kind === "symlink" && (entry.to === "" || entry.to.includes("\0")))
    throw new RangeError(`target of ${entry.path}`);
  const data =
    entry.kind === "file" ? entry.bytes : entry.kind === "symlink" ? encoder.encode(entry.to) : new Uint8Array();
  return {
    ino: index + 1,
    mode: TYPE[entry.kind] | permissions,
    links: entry.kind === "directory" ? 2 : 1,
    major,
    minor,
    name: encoder.encode(entry.path),
    data,
  };
}

/**
 * The members of one newc archive; zero bytes may follow its trailer. File contents are views, not copies.
 * @throws MalformedError for anything but the four kinds, hard links, paths that leave the archive, other bytes after
 * the trailer.
 */
export function decodeCpio(bytes: Uint8Array): CpioEntry[] {
  const entries: CpioEntry[] = [];
  let offset = 0;
  for (;;) {
    const start = offset;
    if (bytes.length - start < HEADER) throw new MalformedError("cpio archive ends without its trailer", start);
    const header = String.fromCharCode(...bytes.subarray(start, start + HEADER));
    if (!header.startsWith(MAGIC)) throw new MalformedError("not a newc cpio header", start);
    if (!/^[0-9A-Fa-f]{110}$/.test(header)) throw new MalformedError("a cpio header field is not hexadecimal", start);
    const field = (index: number) => Number.parseInt(header.slice(6 + index * 8, 14 + index * 8), 16);
    const [mode, links, size, major, minor, nameSize] = [field(1), field(4), field(6), field(9), field(10), field(11)];
    if (nameSize < 2 || nameSize > NAME_LIMIT) throw new MalformedError("length of a cpio name", start);
    const nameEnd = start + HEADER + nameSize;
    const dataStart = pad4(nameEnd);
    const dataEnd = dataStart + size;
    if (dataEnd > bytes.length) throw new MalformedError("cpio member is longer than the archive", start);
    if (bytes[nameEnd - 1] !== 0) throw new MalformedError("cpio name without its zero", nameEnd - 1);
    const path = text(bytes.subarray(start + HEADER, nameEnd - 1), start + HEADER);
    offset = pad4(dataEnd);
    if (path === TRAILER) break;
    if (!isCanonicalPath(path)) throw new MalformedError("cpio path is not relative and canonical", start + HEADER);
    entries.push(toEntry({ path, mode, links, major, minor, data: bytes.subarray(dataStart, dataEnd), start }));
  }
  for (; offset < bytes.length; offset++)
    if (bytes[offset] !== 0) throw new MalformedError("bytes after the cpio trailer", offset);
  return entries;
}

function toEntry(member: {
  path: string;
  mode: number;
  links: number;
  major: number;
  minor: number;
  data: Uint8Array;
  start: number;
}): CpioEntry {
  const { path, data, start } = member;
  const mode = member.mode & 0o7777;
  const type = member.mode & ~0o7777;
  if (type === TYPE.file) {
    if (member.links > 1) throw new MalformedError("hard link in a cpio archive", start);
    return { kind: "file", path, mode, bytes: data };
  }
  if (type === TYPE.symlink) {
    const to = text(data, start);
    if (to === "" || to.includes("\0")) throw new MalformedError("target of a symbolic link", start);
    return { kind: "symlink", path, to };
  }
  if (data.length > 0) throw new MalformedError("contents of something that has none", start);
  if (type === TYPE.directory) return { kind: "directory", path, mode };
  if (type === TYPE["character-device"]) {
    return { kind: "character-device", path, mode, major: member.major, minor: member.minor };
  }
  throw new MalformedError("kind of a cpio member", start);
}

function isCanonicalPath(path: string): boolean {
  const fits = path.length > 0 && encoder.encode(path).length < NAME_LIMIT && path !== TRAILER && !path.includes("\0");
  return fits && path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function text(bytes: Uint8Array, at: number): string {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    throw new MalformedError("cpio text is not UTF-8", at);
  }
}

function pad4(length: number): number {
  return (length + 3) & ~3;
}
