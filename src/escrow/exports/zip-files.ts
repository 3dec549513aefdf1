import { crc32 } from "node:zlib";
import type { Entry, ZipFile } from "yauzl";
import { type ExportFile, type FileProblem, shownName, Unreadable } from "./export-file.ts";

/** Digits are random and hardly pack; labels do. An export packs by 30 at most, a bomb by 1000 and more. */
const MOST_PACKED = 200;
/** What may pack better than that: a small file of one long table head. */
const SMALL = 1_048_576;
const MOST_ENTRIES = 1_000_000;

/** A zip of XML that people take for a table. */
export const WORKBOOK = {
  what: "is an Excel workbook (or another of Office)",
  next: "Save it as CSV UTF-8, and import that.",
} as const;

/**
 * The files in a zip, or what is wrong with one of them. Nothing is unpacked to the disk. `zip`: its path, or its bytes.
 * Throws Unreadable, before the first file, if it is no zip, an Excel workbook, or a bomb.
 */
export async function* zipFiles(zip: string | Buffer): AsyncGenerator<ExportFile | FileProblem> {
  const yauzl = await import("yauzl");
  const options = { decodeStrings: false, autoClose: false } as const;
  const open = () =>
    typeof zip === "string" ? yauzl.openPromise(zip, options) : yauzl.fromBufferPromise(zip, options);
  const nameOf = (entry: Entry) =>
    yauzl.getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false);
  const file = await open().catch((error) => {
    throw damaged(error);
  });
  try {
    await inspect(await open(), nameOf);
    for await (const entry of entriesOf(file)) {
      const path = nameOf(entry);
      if (path.endsWith("/")) continue;
      const problem = yauzl.validateFileName(path) === null ? problemOf(entry) : ODD_NAME;
      if (problem !== null) yield { file: shownName(path), ...problem };
      else yield { name: path, isOneOfMany: true, path: null, open: () => contentOf(file, entry) };
    }
  } finally {
    file.close();
  }
}

const ODD_NAME = {
  what: "has a name that leads out of the zip",
  next: "Ask who made this zip. If it holds recovery passwords, unpack it elsewhere and import that file.",
};

/** Looks through the list of contents without unpacking anything. */
async function inspect(file: ZipFile, nameOf: (entry: Entry) => string): Promise<void> {
  let [packed, unpacked] = [0, 0];
  try {
    if (file.entryCount > MOST_ENTRIES) throw new Unreadable(`holds ${file.entryCount} files`, "Import it in parts.");
    for await (const entry of entriesOf(file)) {
      packed += entry.compressedSize;
      unpacked += entry.uncompressedSize;
      if (nameOf(entry) === "[Content_Types].xml") throw new Unreadable(WORKBOOK.what, WORKBOOK.next);
    }
  } finally {
    file.close();
  }
  // Entries of a bomb may overlap: together they pack into less than each says.
  if (unpacked > SMALL && unpacked > MOST_PACKED * Math.min(packed, file.fileSize))
    throw new Unreadable(`would unpack to ${unpacked} bytes: a zip bomb`, "Ask who made it.");
}

async function* entriesOf(file: ZipFile): AsyncGenerator<Entry> {
  const entries = file.eachEntry();
  while (true) {
    const next = await entries.next().catch((error: Error) => {
      throw damaged(error);
    });
    if (next.done) return;
    yield next.value;
  }
}

function problemOf(entry: Entry): Omit<FileProblem, "file"> | null {
  if (entry.isEncrypted())
    return { what: "needs a password", next: "Unpack the zip with its password, and import what is in it." };
  if (!entry.canDecodeFileData())
    return {
      what: `is packed by method ${entry.compressionMethod}`,
      next: "Unpack the zip, and import what is in it.",
    };
  if (entry.uncompressedSize > SMALL && entry.uncompressedSize > MOST_PACKED * entry.compressedSize)
    return { what: `would unpack to ${entry.uncompressedSize} bytes: a zip bomb`, next: "Ask who made it." };
  return null;
}

/** yauzl holds the content to the length that the list says; the checksum finds the rest. */
async function* contentOf(file: ZipFile, entry: Entry): AsyncGenerator<Uint8Array> {
  let sum = 0;
  try {
    for await (const chunk of await file.openReadStreamPromise(entry)) {
      sum = crc32(chunk as Buffer, sum);
      yield chunk as Buffer;
    }
  } catch (error) {
    throw damaged(error as Error);
  }
  if (sum !== entry.crc32) throw damaged(new Error("its checksum is another"));
}

function damaged(error: Error): Unreadable {
  return new Unreadable(
    `is damaged: ${error.message}`,
    "Copy it again, and import it again: what is in the vault stays.",
  );
}
