import { readFileSync } from "node:fs";
import { outputOf } from "../lab/mount-namespace.ts";
import { run } from "../lab/program.ts";
import { editDiskFile } from "./file.ts";

/** Boot code for a disk with a GPT: it starts the partition that is marked as legacy BIOS bootable (package syslinux-common). */
const MASTER_BOOT_CODE = "/usr/lib/syslinux/mbr/gptmbr.bin";
/** Bytes of the first sector before the disk signature and the protective partition. */
const BOOT_CODE_BYTES = 440;

/**
 * Makes the disk bootable by a legacy BIOS: boot code in its first sector, and SYSLINUX on the FAT at `offset`, which
 * reads syslinux/syslinux.cfg there. syslinux works on the image through mtools: no mount, no root.
 */
export async function installBootSector(disk: string, offset: number): Promise<void> {
  outputOf("syslinux", await run(["syslinux", "--offset", `${offset}`, "--install", disk]));
  const file = editDiskFile(disk);
  try {
    file.write(0, readFileSync(MASTER_BOOT_CODE).subarray(0, BOOT_CODE_BYTES));
  } finally {
    file.close();
  }
}
