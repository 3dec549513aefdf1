import { statSync } from "node:fs";
import { dirname } from "node:path";
import { outputOf } from "../lab/mount-namespace.ts";
import { run } from "../lab/program.ts";

/** Files of an EFI system partition: path on it -> file on this machine. */
export type EspFiles = ReadonlyMap<string, string>;

const MIB = 1024 * 1024;

/** Bytes of a partition with room for the files, some more, and FAT's own tables: whole MiB, at least 16. */
export function espBytes(files: EspFiles): number {
  const rounded = (bytes: number) => Math.ceil(bytes / 4096) * 4096;
  const content = [...files.values()].reduce((sum, source) => sum + rounded(statSync(source).size), 0);
  return Math.max(16 * MIB, Math.ceil((content * 1.05 + 4 * MIB) / MIB) * MIB);
}

/** Makes a FAT at `offset` of the disk image and copies the files onto it. mtools needs no mount and no root. */
export async function writeEsp(disk: string, offset: number, bytes: number, files: EspFiles): Promise<void> {
  const mkfs = ["mkfs.vfat", "-n", "SYSTEM", "--invariant", `--offset=${offset / 512}`, disk, String(bytes / 1024)];
  outputOf("mkfs.vfat", await run(mkfs));
  const drive = `${disk}@@${offset}`;
  const folders = foldersOf(files);
  if (folders.length > 0) outputOf("mmd", await run(["mmd", "-i", drive, ...folders.map((path) => `::/${path}`)]));
  for (const [path, source] of files)
    outputOf(`mcopy ${path}`, await run(["mcopy", "-i", drive, source, `::/${path}`]));
}

/** Every folder of the files' paths, parents first. */
function foldersOf(files: EspFiles): string[] {
  const folders = new Set<string>();
  for (const path of files.keys())
    for (let folder = dirname(path); folder !== "." && folder !== "/"; folder = dirname(folder)) folders.add(folder);
  return [...folders].sort((left, right) => left.length - right.length);
}
