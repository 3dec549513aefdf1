import { closeSync, fstatSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import type { ReadAt, WriteAt } from "../../bitlocker/read-at.ts";

/** A disk image, or a volume's image, as places in a file. Close it. */
export interface DiskFile {
  readonly bytes: number;
  readonly read: ReadAt;
  readonly write: WriteAt;
  close(): void;
}

/** Opens an image for reading; `write` throws. */
export function openDiskFile(file: string): DiskFile {
  const fd = openSync(file, "r");
  return diskFile(fd, fstatSync(fd).size);
}

/** Opens an image for reading and writing in place. */
export function editDiskFile(file: string): DiskFile {
  const fd = openSync(file, "r+");
  return diskFile(fd, fstatSync(fd).size);
}

/** Makes a new image of `bytes`, all zeros, readable by its owner only: it may hold keys. Replaces what was there. */
export function createDiskFile(file: string, bytes: number): DiskFile {
  // Through a link of that name, another folder's file would be emptied.
  rmSync(file, { force: true });
  const fd = openSync(file, "wx+", 0o600);
  ftruncateSync(fd, bytes);
  return diskFile(fd, bytes);
}

function diskFile(fd: number, bytes: number): DiskFile {
  return {
    bytes,
    read: (offset, length) => {
      const buffer = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const read = readSync(fd, buffer, done, length - done, offset + done);
        if (read === 0) break;
        done += read;
      }
      return buffer.subarray(0, done);
    },
    write: (offset, data) => {
      for (let done = 0; done < data.length; ) done += writeSync(fd, data, done, data.length - done, offset + done);
    },
    close: () => closeSync(fd),
  };
}

const CHUNK_BYTES = 1024 * 1024;

/** Copies `bytes` from one place to another, one MiB at a time. */
export function copyRange(read: ReadAt, write: WriteAt, bytes: number): void {
  for (let offset = 0; offset < bytes; offset += CHUNK_BYTES)
    write(offset, read(offset, Math.min(CHUNK_BYTES, bytes - offset)));
}

/** The same reader or writer, counting from `offset`. */
export function readFrom(read: ReadAt, offset: number): ReadAt {
  return (at, length) => read(offset + at, length);
}

export function writeFrom(write: WriteAt, offset: number): WriteAt {
  return (at, data) => write(offset + at, data);
}
