import { randomBytes } from "node:crypto";
import { type RecoveryPassword, randomRecoveryPassword } from "../bitlocker/recovery-password.ts";
import type { Opener } from "../bitlocker/unlock.ts";
import type { Secret } from "../wire/secret.ts";
import { buildDisk, type DiskProtection } from "./disk/build.ts";
import type { SeenFile } from "./disk/change.ts";
import { BAD_CHANNEL_FILE, CHANNEL_FOLDER } from "./disk/channel-file.ts";
import type { EspFiles } from "./disk/esp.ts";
import { inspectDisk } from "./disk/inspect.ts";
import { windowsTree } from "./disk/windows-tree.ts";
import type { Check } from "./report/result.ts";
import type { DiskRole } from "./scenario.ts";

/** A device's disk and what the drill knows of it. */
export interface CrashTest {
  readonly path: string;
  readonly format: "raw" | "qcow2";
  /** For a person: `160 MB, BitLocker ...`. */
  readonly description: string;
  readonly recoveryPasswords: readonly { readonly protectorId: string; readonly password: Secret<string> }[];
  /** Paths of the files that have to go. */
  readonly badFiles: readonly string[];
  /** Every file of its Windows volume, read from outside; null if nobody outside can open the volume. */
  look(): Promise<readonly SeenFile[] | null>;
  /** What is to be done and checked when everything else is over. */
  finish(): Promise<readonly Check[]>;
}

/**
 * Makes the disk of a role. A locked one has a startup key of its own on the ESP, in the TPM's place, and two recovery
 * passwords; the escrow export names the second, so that the first one to hand is never the right one by luck.
 */
export async function makeCrashTest(
  role: DiskRole,
  path: string,
  espFiles: EspFiles,
  bootSector: boolean,
): Promise<CrashTest> {
  const passwords = role.volume === "plain" ? [] : [1, 2].map(() => randomRecoveryPassword(randomBytes(16)));
  const disk = await buildDisk({
    file: path,
    espFiles,
    bootSector,
    windows: windowsTree({ channelFile: role.channelFile }),
    ...(role.oldWindows && { oldWindows: windowsTree({ channelFile: "good-only" }) }),
    protection: protectionOf(role, passwords),
    ntfs: role.hibernated ? { hibernated: true } : { dirty: role.channelFile === "bad" },
    random: (length) => randomBytes(length),
    now: Math.floor(Date.UTC(2024, 0, 9) / 1000),
  });
  const opener = openerOf(role, passwords);
  const passwordProtectors = disk.protectors.filter((protector) => protector.password !== null);
  return {
    path,
    format: "raw",
    finish: async () => [],
    description: `${(disk.bytes / 1e6).toFixed(0)} MB, ${disk.files.size} files, ${role.volume === "plain" ? "NTFS" : `BitLocker with ${disk.protectors.length} key protectors`}`,
    recoveryPasswords: passwordProtectors.map(({ protectorId, password }) => ({ protectorId, password: password! })),
    badFiles: role.channelFile === "bad" ? [`${CHANNEL_FOLDER}/${BAD_CHANNEL_FILE}`] : [],
    look: async () => {
      if (opener === null) return null;
      const seen = [...(await inspectDisk({ file: path, volume: disk.windows, opener })).values()];
      if (disk.oldWindows === null) return seen;
      const old = await inspectDisk({ file: path, volume: disk.oldWindows, opener: { type: "plain" } });
      return [...seen, ...[...old.values()].map((each) => ({ ...each, path: `old Windows/${each.path}` }))];
    },
  };
}

function protectionOf(
  { volume, damagedCopies = 0 }: DiskRole,
  recoveryPasswords: readonly RecoveryPassword[],
): DiskProtection {
  if (volume === "plain") return { kind: "plain" };
  const suspended = volume === "suspended" ? { clearKey: true } : {};
  const state = volume === "encrypting" ? "encrypting" : "encrypted";
  return { kind: "bitlocker", recoveryPasswords, startupKey: true, state, damagedCopies, ...suspended };
}

function openerOf({ volume }: DiskRole, passwords: readonly RecoveryPassword[]): Opener | { type: "plain" } | null {
  if (volume === "plain") return { type: "plain" };
  if (volume === "encrypting") return null;
  return { type: "recovery-password", password: passwords[0]! };
}
