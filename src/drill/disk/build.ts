import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NewProtector, type RandomBytes, randomGuid } from "../../bitlocker/new-volume-keys.ts";
import type { ProtectorType } from "../../bitlocker/protector.ts";
import type { RecoveryPassword } from "../../bitlocker/recovery-password.ts";
import { METADATA_AREA_BYTES, type XtsMethod } from "../../bitlocker/registry.ts";
import { encodeStartupKey, type StartupKey } from "../../bitlocker/startup-key.ts";
import { FVE_TAIL_BYTES, layoutFor } from "../../bitlocker/volume-layout.ts";
import { writeVolume } from "../../bitlocker/writer.ts";
import { encodeCpio } from "../../wire/cpio.ts";
import type { Guid } from "../../wire/guid.ts";
import type { Secret } from "../../wire/secret.ts";
import { installBootSector } from "./boot-sector.ts";
import type { SeenFile } from "./change.ts";
import { type EspFiles, espBytes, writeEsp } from "./esp.ts";
import { copyRange, createDiskFile, type DiskFile, openDiskFile, writeFrom } from "./file.ts";
import { encodeGpt, type GptPartition, PartitionType } from "./gpt.ts";
import { makeNtfs, type NtfsState } from "./ntfs-volume.ts";
import type { WindowsTree } from "./windows-tree.ts";

/** How the Windows volume is protected. */
export type DiskProtection =
  | { readonly kind: "plain" }
  | {
      readonly kind: "bitlocker";
      readonly recoveryPasswords: readonly RecoveryPassword[];
      /** A startup key of the device's own, on its ESP: it stands in for the TPM. */
      readonly startupKey?: boolean;
      /** BitLocker suspended. */
      readonly clearKey?: boolean;
      readonly state?: "encrypted" | "encrypting";
      readonly method?: XtsMethod;
      /** How many of the three copies of the metadata are zeroed, from the first on. */
      readonly damagedCopies?: number;
    };

export interface DiskOptions {
  /** The raw image to make; replaced if it is there. */
  readonly file: string;
  readonly espFiles: EspFiles;
  /** Bootable by a legacy BIOS too. */
  readonly bootSector?: boolean;
  readonly windows: WindowsTree;
  /** An older Windows on a plain NTFS partition of its own, before the Windows volume; none unless told. */
  readonly oldWindows?: WindowsTree;
  readonly protection: DiskProtection;
  readonly ntfs?: NtfsState;
  readonly random: RandomBytes;
  /** Unix seconds: when the volume's protectors were made. */
  readonly now: number;
  /** Size of the NTFS: whole MiB, 96 of them unless told. */
  readonly ntfsBytes?: number;
}

/** A place on the disk, in bytes. */
interface DiskExtent {
  readonly offset: number;
  readonly bytes: number;
}

interface DiskProtector {
  readonly protectorId: Guid;
  readonly type: ProtectorType;
  /** Of a recovery password protector. */
  readonly password: Secret<string> | null;
}

/** A finished disk and all that is known about it. */
export interface CrashTestDisk {
  readonly file: string;
  readonly bytes: number;
  readonly esp: DiskExtent;
  readonly windows: DiskExtent;
  readonly oldWindows: DiskExtent | null;
  readonly volumeGuid: Guid | null;
  readonly protectors: readonly DiskProtector[];
  readonly startupKey: StartupKey | null;
  /** Every file of the Windows volume, by path. */
  readonly files: ReadonlyMap<string, SeenFile>;
}

const MIB = 1024 * 1024;
const RESERVED_BYTES = MIB;
/** The startup key as a further archive for the device's initrd, which has it as /startup.BEK; empty if there is none. */
const STARTUP_PATH = "EFI/device/startup.cpio";

/**
 * Builds a crash-test device's disk: GPT, EFI system partition, Microsoft reserved partition, and the Windows volume.
 * About five seconds, most of it the two key stretches and NTFS.
 */
export async function buildDisk(options: DiskOptions): Promise<CrashTestDisk> {
  const work = mkdtempSync(join(tmpdir(), "breakglass-disk-"));
  try {
    const image = join(work, "ntfs.img");
    const ntfsBytes = options.ntfsBytes ?? 96 * MIB;
    const files = await makeNtfs(image, ntfsBytes, options.windows, options.ntfs ?? {});
    const esp = { offset: MIB, bytes: espBytes(options.espFiles) };
    const reserved = { offset: esp.offset + esp.bytes, bytes: RESERVED_BYTES };
    const tail = options.protection.kind === "bitlocker" ? FVE_TAIL_BYTES : 0;
    const behind = reserved.offset + reserved.bytes;
    const oldWindows = options.oldWindows === undefined ? null : { offset: behind, bytes: ntfsBytes };
    const windows = { offset: behind + (oldWindows?.bytes ?? 0), bytes: ntfsBytes + tail };
    const bytes = windows.offset + windows.bytes + MIB;
    const disk = createDiskFile(options.file, bytes);
    const ntfs = openDiskFile(image);
    try {
      writeZeros(disk);
      writeGpt(options, disk, [esp, reserved], oldWindows === null ? [windows] : [oldWindows, windows]);
      if (oldWindows !== null) await writeOldWindows(join(work, "old.img"), options.oldWindows!, disk, oldWindows);
      const written = writeWindows(options, disk, windows, ntfs);
      const startup = keepStartup(work, written.startupKey, options.now);
      await writeEsp(options.file, esp.offset, esp.bytes, new Map([...options.espFiles, [STARTUP_PATH, startup]]));
      if (options.bootSector) await installBootSector(options.file, esp.offset);
      return { file: options.file, bytes, esp, windows, oldWindows, ...written, files };
    } finally {
      ntfs.close();
      disk.close();
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function writeOldWindows(image: string, tree: WindowsTree, disk: DiskFile, at: DiskExtent): Promise<void> {
  await makeNtfs(image, at.bytes, tree, {});
  const ntfs = openDiskFile(image);
  try {
    copyRange(ntfs.read, writeFrom(disk.write, at.offset), ntfs.bytes);
  } finally {
    ntfs.close();
  }
}

function writeWindows(options: DiskOptions, disk: DiskFile, { offset }: DiskExtent, ntfs: DiskFile) {
  const { protection, now: created, random } = options;
  const write = writeFrom(disk.write, offset);
  if (protection.kind === "plain") {
    copyRange(ntfs.read, write, ntfs.bytes);
    return { volumeGuid: null, protectors: [], startupKey: null };
  }
  const { recoveryPasswords, method = "aes-xts-128", state = "encrypted" } = protection;
  const wanted: NewProtector[] = [];
  // A recovery password in the first slot is one that cryptsetup 2.8.2 and 2.8.3 cannot use.
  if (protection.startupKey) wanted.push({ type: "startup-key" });
  if (protection.clearKey) wanted.push({ type: "clear-key" });
  wanted.push(...recoveryPasswords.map((password) => ({ type: "recovery-password", password }) as const));
  const description = "CRASHTEST C: 7/19/2024";
  const volume = writeVolume({ ntfs, method, protectors: wanted, state, created, description, random }, write);
  for (const copy of layoutFor(ntfs.bytes).metadataOffsets.slice(0, protection.damagedCopies ?? 0))
    write(copy, new Uint8Array(METADATA_AREA_BYTES));
  const protectors = volume.protectors.map(({ protectorId, type }, index) => {
    const made = wanted[index]!;
    return { protectorId, type, password: made.type === "recovery-password" ? made.password.text : null };
  });
  const startupKey = volume.protectors.find((protector) => protector.startupKey)?.startupKey ?? null;
  return { volumeGuid: volume.volumeGuid, protectors, startupKey };
}

function keepStartup(work: string, startupKey: StartupKey | null, created: number): string {
  const file = join(work, "startup.cpio");
  const bytes = startupKey === null ? null : encodeStartupKey(startupKey, created).reveal();
  const entries = bytes === null ? [] : [{ kind: "file", path: "startup.BEK", mode: 0o600, bytes } as const];
  writeFileSync(file, encodeCpio(entries), { mode: 0o600 });
  return file;
}

function writeGpt(
  { random, bootSector }: DiskOptions,
  disk: DiskFile,
  [esp, reserved]: readonly [DiskExtent, DiskExtent],
  volumes: readonly DiskExtent[],
): void {
  const partition = (extent: DiskExtent, type: Guid, name: string, legacyBoot = false): GptPartition => {
    return { ...extent, type, name, id: randomGuid(random), legacyBoot };
  };
  const partitions = [
    partition(esp, PartitionType.efiSystem, "EFI system partition", bootSector === true),
    partition(reserved, PartitionType.microsoftReserved, "Microsoft reserved partition"),
    ...volumes.map((extent) => partition(extent, PartitionType.basicData, "Basic data partition")),
  ];
  const gpt = encodeGpt(disk.bytes, randomGuid(random), partitions);
  disk.write(0, gpt.head);
  disk.write(disk.bytes - gpt.tail.length, gpt.tail);
}

/** No holes: what reads as zeros is on the disk as zeros, wherever the image is copied. */
function writeZeros(disk: DiskFile): void {
  const zeros = new Uint8Array(MIB);
  for (let offset = 0; offset < disk.bytes; offset += MIB) disk.write(offset, zeros);
}
