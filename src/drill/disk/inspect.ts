import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readMetadata } from "../../bitlocker/metadata.ts";
import { type Opener, openVmk } from "../../bitlocker/unlock.ts";
import { ExitCode, OperatorError } from "../../wire/operator-error.ts";
import type { Secret } from "../../wire/secret.ts";
import { outputOf, runWithMounts } from "../lab/mount-namespace.ts";
import type { SeenFile } from "./change.ts";
import { openDiskFile, readFrom } from "./file.ts";
import { LIST_FILES, parseFileList } from "./file-list.ts";

interface Inspection {
  /** The raw disk image. */
  readonly file: string;
  /** A qcow2 over `file`: what it says is what is looked at. */
  readonly overlay?: string;
  /** The Windows volume's place on the disk. */
  readonly volume: { readonly offset: number; readonly bytes: number };
  readonly opener: Opener | { readonly type: "plain" };
  /** Milliseconds. */
  readonly timeout?: number;
}

// $1 working folder, $2 block device tree (JSON), $3 bitlocker or plain. The VMK comes on descriptor 3 and stays in
// a tmpfs of this mount namespace. Every layer is opened read-only.
const LOOK = `
mount -t tmpfs -o mode=0700 none "$1"; cd "$1"; mkdir clear ntfs; : >disk
qemu-storage-daemon --blockdev "$2" --export type=fuse,id=disk,node-name=volume,mountpoint="$1/disk",writable=off >&2 &
until [ -s disk ]; do kill -0 $!; sleep 0.05; done
ntfs=disk
if [ "$3" = bitlocker ]; then
  base64 -d <&3 >vmk
  dislocker-fuse -r -s -V disk -K vmk -- clear >&2
  ntfs=clear/dislocker-file
fi
ntfs-3g -o ro,noatime "$ntfs" ntfs
cd ntfs; ${LIST_FILES}
`;

/**
 * Every file of a Windows volume, looked at from outside and read-only, with other people's programs: QEMU's storage
 * daemon, dislocker, ntfs-3g. Only a recovery password or .BEK is turned into the volume's VMK here, because dislocker
 * tries no more than the first recovery password protector and wants a terminal for it. A volume that does not open is
 * an OperatorError with the reason.
 */
export async function inspectDisk(inspection: Inspection): Promise<ReadonlyMap<string, SeenFile>> {
  const { file, opener } = inspection;
  const vmk = opener.type === "plain" ? null : vmkOf(inspection, opener);
  const work = mkdtempSync(join(tmpdir(), "breakglass-inspect-"));
  try {
    const ran = await runWithMounts(LOOK, [work, blockDevice(inspection), vmk ? "bitlocker" : "plain"], {
      fd3: vmk === null ? "" : Buffer.from(vmk.reveal()).toString("base64"),
      timeout: inspection.timeout ?? 120_000,
    });
    return parseFileList(outputOf(`Looking into ${inspection.overlay ?? file}`, ran));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** QEMU's description of the volume: a window on the disk, without any right to write. */
function blockDevice({ file, overlay, volume }: Inspection): string {
  const readOnly = { "read-only": true };
  const disk = overlay === undefined ? { driver: "raw" } : { driver: "qcow2" };
  const source = { driver: "file", filename: overlay ?? file, ...readOnly };
  const window = { driver: "raw", offset: volume.offset, size: volume.bytes, ...readOnly };
  return JSON.stringify({ "node-name": "volume", ...window, file: { ...disk, ...readOnly, file: source } });
}

/** A rescue writes no FVE metadata, so that the raw file's is the overlay's too. */
function vmkOf({ file, volume }: Inspection, opener: Opener): Secret<Uint8Array> {
  const disk = openDiskFile(file);
  try {
    const opened = openVmk(readMetadata(readFrom(disk.read, volume.offset)), opener);
    if (opened.unlocked) return opened.vmk;
    throw new OperatorError(
      `The BitLocker volume at byte ${volume.offset} of ${file} does not open with the ${opener.type}: ${opened.reason}. The file was only read.`,
      "Give the recovery password that belongs to one of the volume's key protector IDs.",
      ExitCode.badInput,
    );
  } finally {
    disk.close();
  }
}
