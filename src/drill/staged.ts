import { join } from "node:path";
import { fileSha256 } from "../image/debian.ts";
import { ofKind } from "../ledger/entry.ts";
import { QUARANTINE_FOLDER } from "../remedy/plan.ts";
import { deviceChecks } from "./checks.ts";
import type { CrashTest } from "./crash-test.ts";
import { DeviceRun, rescueTimes } from "./device-run.ts";
import { diskChanges, type SeenFile } from "./disk/change.ts";
import type { Firmware } from "./lab/firmware.ts";
import type { Lab } from "./lab/lab.ts";
import { Device } from "./lab/qemu.ts";
import type { Station } from "./lab/station.ts";
import type { ExpectedDevice } from "./prepare.ts";
import { writePrivateFile } from "./report/private-file.ts";
import type { Check, DeviceResult } from "./report/result.ts";
import type { Story } from "./report/story.ts";
import { type DeviceRole, type DiskRole, expectedEnd } from "./scenario.ts";

/** A device with its disk as it was before the drill, ready to be switched on. */
export interface Staged {
  readonly expected: ExpectedDevice;
  readonly disk: CrashTest;
  readonly before: readonly SeenFile[] | null;
  readonly hashBefore: string | null;
  readonly run: DeviceRun;
  readonly firmware: Firmware;
  readonly network: Lab["network"];
}

/** What the operator's papers say of the device: made from its place in the drill, so that every drill has the same. */
export function expectedDevice(role: DeviceRole, disk: CrashTest, scenario: number, device: number): ExpectedDevice {
  const place = [scenario, device + 1].map((number) => number.toString(16).padStart(2, "0"));
  return {
    role,
    mac: `52:54:00:bb:${place.join(":")}`,
    serial: `BG-${place.join("-").toUpperCase()}`,
    uuid: `6BB65E04-1D1C-4F0E-9A3B-6A1B2C3D${place.join("").toUpperCase()}`,
    escrowed: disk.recoveryPasswords.at(-1) ?? null,
  };
}

export async function stage(
  expected: ExpectedDevice,
  disk: CrashTest,
  at: {
    readonly lab: Lab;
    readonly firmware: Firmware;
    readonly folder: string;
    readonly devices: number;
    readonly station: Station;
    readonly story: Story;
    readonly now: () => number;
  },
): Promise<Staged> {
  const { role, mac, serial, uuid } = expected;
  const { lab, firmware, folder, devices } = at;
  const before = await disk.look();
  const hashBefore = role.change === "none" ? await fileSha256(disk.path) : null;
  const parts = {
    name: role.name,
    mac,
    serial,
    uuid,
    disk: { path: disk.path, format: disk.format },
    tap: await lab.newTap(),
  };
  const acceleration = firmware.architecture === process.arch ? lab.acceleration : "tcg";
  // Devices share the machine's processors: without KVM two virtual ones each would only wait for one another.
  const processors = acceleration === "kvm" || devices === 1 ? 2 : 1;
  const device = new Device(parts, { firmware, acceleration, processors, memoryMb: 1536, folder });
  const run = new DeviceRun(device, role, at.station, at.story, at.now);
  return { expected, disk, before, hashBefore, run, firmware, network: lab.network };
}

/** What came of it: its disk is looked at once more from outside, and everything that had to hold is checked. */
export async function judge(
  staged: Staged,
  story: Story,
  kept: string,
): Promise<{ result: DeviceResult; checks: Check[] }> {
  const { expected, disk, before, hashBefore, run } = staged;
  const { role, mac, serial, uuid } = expected;
  const { record } = run;
  const entries = run.entries();
  const times = rescueTimes(record, entries);
  const seen = await disk.look();
  const changes = before === null || seen === null ? [] : diskChanges(before, seen);
  const screen = record.screen === null ? null : `${role.name}.screen.png`;
  if (screen !== null) writePrivateFile(join(kept, screen), record.screen!);
  const checks = deviceChecks({
    role,
    firmware: staged.firmware,
    network: staged.network,
    record,
    entries,
    times,
    changes,
    files: before?.length ?? 0,
    diskBefore: hashBefore,
    diskAfter: hashBefore === null ? null : await fileSha256(disk.path),
    badFiles: disk.badFiles,
    quarantine: QUARANTINE_FOLDER,
    escrowedProtectorIds: escrowedOf(expected, disk),
  });
  const result: DeviceResult = {
    name: role.name,
    mac,
    serial,
    uuid,
    volume: role.disk === "foreign" ? "an image brought to the drill" : VOLUMES[role.disk.volume],
    expected: expectedEnd(role),
    outcome: record.outcome,
    rescued: record.outcome === "rescued" && checks.every((check) => check.passed),
    crashesSeen: record.crashesSeen,
    healthyBootsSeen: record.healthyBootsSeen,
    keyProtectorIdsReleased: entries.filter(ofKind("key.released")).map(({ body }) => body.protectorId),
    times,
    bytesToDevice: record.bytesToDevice,
    changes,
    moments: story.momentsOf(role.name),
    spans: record.spans,
    screen,
  };
  return { result, checks };
}

/** A disk that somebody brought comes with all rows of its key file; a drill's own has one of its passwords escrowed. */
export function escrowedOf(
  { role, escrowed }: Pick<ExpectedDevice, "role" | "escrowed">,
  disk: Pick<CrashTest, "recoveryPasswords">,
): string[] {
  if (role.disk === "foreign") return disk.recoveryPasswords.map(({ protectorId }) => protectorId);
  return role.vault === "none" || escrowed === null ? [] : [escrowed.protectorId];
}

const VOLUMES: Readonly<Record<DiskRole["volume"], string>> = {
  bitlocker: "BitLocker, locked",
  suspended: "BitLocker, suspended (clear key)",
  encrypting: "BitLocker, still encrypting",
  plain: "NTFS without BitLocker",
};
