import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { type FveMetadata, readMetadata } from "../bitlocker/metadata.ts";
import { parseRecoveryPassword } from "../bitlocker/recovery-password.ts";
import type { Opener } from "../bitlocker/unlock.ts";
import { exportFiles } from "../escrow/exports/export-files.ts";
import { exportItems } from "../escrow/exports/read-exports.ts";
import { fileSha256 } from "../image/debian.ts";
import { MalformedError } from "../wire/malformed.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import type { Secret } from "../wire/secret.ts";
import type { CrashTest } from "./crash-test.ts";
import type { SeenFile } from "./disk/change.ts";
import { openDiskFile, readFrom } from "./disk/file.ts";
import { inspectDisk } from "./disk/inspect.ts";
import { type DiskVolume, findVolumes } from "./disk/volumes.ts";
import { outputOf } from "./lab/mount-namespace.ts";
import { run } from "./lab/program.ts";
import type { Check } from "./report/result.ts";

/** A disk image that somebody brought to rehearse on. Absolute paths. */
export interface ForeignDisk {
  readonly file: string;
  /** Escrow export with its keys; null for a disk without BitLocker. */
  readonly keys: string | null;
  /** Where the rescued disk is to go; null for nowhere. */
  readonly out: string | null;
}

interface OpenableVolume extends DiskVolume {
  /** Null if nothing here opens it. */
  readonly opener: Opener | { readonly type: "plain" } | null;
}

type KeyRow = { readonly protectorId: string; readonly password: Secret<string> };

/** What a large disk takes to be read through, once: hours on a slow one, but bounded. */
const LOOK_MS = 4 * 3_600_000;

/** Refuses what cannot be rehearsed on, before anything is started. */
export function checkForeignDisk({ file, keys, out }: ForeignDisk): void {
  for (const each of [file, keys])
    if (each !== null && !statSync(each, { throwIfNoEntry: false })?.isFile())
      throw new OperatorError(`There is no file ${each}. Nothing was started.`, "Correct the name.");
  const volumes = statSync(file).size % 512 === 0 ? findVolumesOf(file) : [];
  if (volumes.length === 0)
    throw new OperatorError(
      `${file} holds no BitLocker or NTFS volume. It was only read.`,
      "Give a raw image of a whole disk or of a volume (convert others: qemu-img convert -O raw).",
    );
  const closed = volumes.map((volume) => closedBecause(file, volume));
  if (closed.every((each) => each !== null))
    throw new OperatorError(
      `No volume of ${file} can be opened: ${closed.map((each) => each!.says).join("; ")}. It was only read; nothing was started.`,
      closed[0]!.next,
      ExitCode.negative,
    );
  if (out !== null && existsSync(out))
    throw new OperatorError(`${out} is there already and was left as it is.`, "Name a new file with --out.");
}

/** The image under an overlay that takes every write. */
export async function openForeignDisk(foreign: ForeignDisk, folder: string): Promise<CrashTest> {
  const { file, keys, out } = foreign;
  const sha256 = await fileSha256(file);
  const overlay = join(folder, "disk.qcow2");
  const create = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", file, "-F", "raw", overlay];
  outputOf("qemu-img create", await run(create));
  const rows = keys === null ? [] : await readKeys(keys);
  const volumes = findVolumesOf(file).map((volume) => ({ ...volume, opener: openerOf(file, volume, rows) }));
  const readable = volumes.filter(({ opener }) => opener !== null).length;
  const { size } = statSync(file);
  return {
    path: overlay,
    format: "qcow2",
    description: `${(size / 1e6).toFixed(0)} MB image, ${volumes.length} Windows volumes, ${readable} of them can be opened; it is only read`,
    recoveryPasswords: rows,
    badFiles: [],
    look: () => lookAtAll(file, overlay, volumes),
    finish: async () => [
      ...notOpened(file, volumes),
      await isUntouched(file, sha256),
      ...(out === null ? [] : [await writeOut(overlay, out)]),
    ],
  };
}

function findVolumesOf(file: string): DiskVolume[] {
  const disk = openDiskFile(file);
  try {
    return findVolumes(disk.read, disk.bytes);
  } finally {
    disk.close();
  }
}

/** A file that is no export has none: `escrow import` says why. */
async function readKeys(file: string): Promise<KeyRow[]> {
  const rows: KeyRow[] = [];
  for await (const item of exportItems(exportFiles(file), { format: null, onProblem: () => {} }))
    if ("row" in item && !("reason" in item.row) && item.row.protectorId !== null)
      rows.push({ protectorId: item.row.protectorId, password: item.row.password.text });
  return rows;
}

function openerOf(file: string, volume: DiskVolume, rows: readonly KeyRow[]): OpenableVolume["opener"] {
  if (volume.kind === "ntfs") return { type: "plain" };
  const metadata = metadataOf(file, volume);
  if (metadata instanceof MalformedError || closedBecause(file, volume) !== null) return null;
  const { protectors, state } = metadata;
  if (state === "suspended") return { type: "clear-key" };
  const row = rows.find(({ protectorId }) => protectors.some((each) => each.protectorId === protectorId));
  if (row === undefined) return null;
  return { type: "recovery-password", password: parseRecoveryPassword(row.password.reveal()) };
}

/** Or what is wrong with it. */
function metadataOf(file: string, { offset }: DiskVolume): FveMetadata | MalformedError {
  const disk = openDiskFile(file);
  try {
    return readMetadata(readFrom(disk.read, offset));
  } catch (error) {
    if (error instanceof MalformedError) return error;
    throw error;
  } finally {
    disk.close();
  }
}

/** Why no key of the world opens a volume as it is now, and what to do; null if one can. */
function closedBecause(file: string, volume: DiskVolume): { readonly says: string; readonly next: string } | null {
  if (volume.kind === "ntfs") return null;
  const metadata = metadataOf(file, volume);
  const at = `the BitLocker volume at byte ${volume.offset}`;
  if (metadata instanceof MalformedError)
    return { says: `${at} cannot be read (${metadata.what})`, next: CLOSED.damaged };
  const { state, saysBootBackup } = metadata;
  if (state === "encrypting" || state === "decrypting") return { says: `${at} is ${state}`, next: CLOSED.converting };
  if (state !== "unsupported") return null;
  const why = saysBootBackup
    ? "in no state that is known"
    : "it has no entry 0x000f, which says where its first sectors are";
  return { says: `${at} is unsupported (${why})`, next: CLOSED.damaged };
}

const CLOSED = {
  converting: "Let Windows finish (manage-bde -status), then make the image again.",
  damaged: "Make the image again from the disk, or rehearse on another one.",
} as const;

/** What the drill looked at from outside is not the whole disk if one of its volumes is closed for everybody. */
function notOpened(file: string, volumes: readonly OpenableVolume[]): Check[] {
  const closed = volumes.flatMap((volume) => closedBecause(file, volume)?.says ?? []);
  if (closed.length === 0) return [];
  const title = "every Windows volume of the disk can be opened";
  return [{ id: "volumes", device: null, title, passed: false, evidence: closed.join("; ") }];
}

/** Files of all volumes that open. Those of a volume without Windows carry its number, since only one has the plain paths. */
async function lookAtAll(
  file: string,
  overlay: string,
  volumes: readonly OpenableVolume[],
): Promise<SeenFile[] | null> {
  const seen: SeenFile[] = [];
  let looked = 0;
  for (const [index, { opener, offset, bytes }] of volumes.entries()) {
    if (opener === null) continue;
    looked++;
    const files = [
      ...(await inspectDisk({ file, overlay, volume: { offset, bytes }, opener, timeout: LOOK_MS })).values(),
    ];
    const windows = files.some(({ path }) => /^windows\/system32\//i.test(path));
    seen.push(...files.map((each) => (windows ? each : { ...each, path: `volume ${index + 1}/${each.path}` })));
  }
  return looked === 0 ? null : seen;
}

async function isUntouched(file: string, before: string): Promise<Check> {
  const after = await fileSha256(file);
  const evidence = before === after ? `SHA-256 ${before} before and after` : `SHA-256 ${before} before, ${after} after`;
  return { id: "source-untouched", device: null, title: `${file} was not written`, passed: before === after, evidence };
}

async function writeOut(overlay: string, out: string): Promise<Check> {
  if (existsSync(out))
    throw new OperatorError(
      `${out} appeared during the drill and was left as it is.`,
      "Name a new file with --out.",
      ExitCode.refused,
    );
  outputOf("qemu-img convert", await run(["qemu-img", "convert", "-O", "raw", overlay, out], { timeout: LOOK_MS }));
  const evidence = `${statSync(out).size} bytes, SHA-256 ${await fileSha256(out)}`;
  return { id: "out", device: null, title: `the rescued disk was written to ${out}`, passed: true, evidence };
}
