import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { randomRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import { buildDisk, type CrashTestDisk, type DiskOptions, type DiskProtection } from "../../src/drill/disk/build.ts";
import { diskChanges, type SeenFile } from "../../src/drill/disk/change.ts";
import { BAD_CHANNEL_FILE, BAD_RELEASE, CHANNEL_FOLDER } from "../../src/drill/disk/channel-file.ts";
import { openDiskFile, readFrom } from "../../src/drill/disk/file.ts";
import { inspectDisk } from "../../src/drill/disk/inspect.ts";
import { NTFS_DIRTY, ntfsFlagPlaces } from "../../src/drill/disk/ntfs-dirty.ts";
import { findVolumes } from "../../src/drill/disk/volumes.ts";
import { windowsTree } from "../../src/drill/disk/windows-tree.ts";
import { runWithMounts } from "../../src/drill/lab/mount-namespace.ts";
import { decodeCpio } from "../../src/wire/cpio.ts";
import { OperatorError } from "../../src/wire/operator-error.ts";
import { seededRandom } from "../bitlocker/memory-volume.ts";
import { decodeStartupKey } from "../bitlocker/startup-key.ts";
import { describeWith } from "./needs.ts";

const PROGRAMS = [
  "syslinux",
  "sgdisk",
  "mkntfs",
  "ntfs-3g",
  "dislocker-fuse",
  "setfattr",
  "mkfs.vfat",
  "mcopy",
  "qemu-storage-daemon",
];
const MIB = 1024 * 1024;
const BAD = `${CHANNEL_FOLDER}/${BAD_CHANNEL_FILE}`;
const KERNEL = "Windows/System32/ntoskrnl.exe";
const [vaulted, spare] = ["vaulted", "spare"].map((seed) => randomRecoveryPassword(seededRandom(seed)(16)));
const PLAIN: DiskProtection = { kind: "plain" };

let folder: string;

function build(name: string, more: Partial<DiskOptions>): Promise<CrashTestDisk> {
  const payload = join(folder, "payload");
  writeFileSync(payload, seededRandom("payload")(3 * MIB));
  return buildDisk({
    file: join(folder, `${name}.img`),
    espFiles: new Map([["EFI/BOOT/BOOTX64.EFI", payload]]),
    windows: windowsTree(),
    protection: PLAIN,
    random: seededRandom(name),
    now: 1_721_000_000,
    ntfsBytes: 32 * MIB,
    ...more,
  });
}

const inspectPlain = (disk: CrashTestDisk) =>
  inspectDisk({ file: disk.file, volume: disk.windows, opener: { type: "plain" } });

function sorted(files: ReadonlyMap<string, SeenFile>): SeenFile[] {
  return [...files.values()].sort((left, right) => (left.path < right.path ? -1 : 1));
}

/** Programs of ours and mounts that are still there. */
function leftovers(): string[] {
  const mounts = readFileSync("/proc/mounts", "utf8").split("\n");
  const programs = readdirSync("/proc").flatMap((pid) => {
    const ran = /^\d+$/.test(pid) ? spawnSync("cat", [`/proc/${pid}/cmdline`], { encoding: "utf8" }).stdout : "";
    return ran.includes("breakglass-ntfs-") || ran.includes("breakglass-inspect-") ? [ran] : [];
  });
  return [...programs, ...mounts.filter((line) => line.includes("breakglass-"))];
}

describeWith(PROGRAMS, "a crash-test disk", () => {
  let locked: CrashTestDisk;
  let before: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "disk-interop-"));
    const recoveryPasswords = [vaulted!, spare!];
    locked = await build("locked", { protection: { kind: "bitlocker", recoveryPasswords, startupKey: true } });
    before = sha256(locked.file);
  });
  afterAll(() => {
    const left = leftovers();
    rmSync(folder, { recursive: true, force: true });
    expect(left).toEqual([]);
  });

  it("has a partition table without faults, as sgdisk sees it", () => {
    const said = execFileSync("sgdisk", ["-v", "-p", locked.file], { encoding: "utf8" });
    expect(said).toContain("No problems found");
    expect(said).toMatch(/1 .* EF00 .*\n.* 2 .* 0C01 .*\n.* 3 .* 0700 /);
  });

  it("starts under a legacy BIOS if it was made so: boot code, the active partition, SYSLINUX; the GPT without faults", async () => {
    const { file, esp } = await build("legacy", { bootSector: true });
    const disk = openDiskFile(file);
    expect(Buffer.from(disk.read(0, 440)).equals(readFileSync("/usr/lib/syslinux/mbr/gptmbr.bin"))).toBe(true);
    disk.close();
    expect(execFileSync("sgdisk", ["-v", "-i", "1", file], { encoding: "utf8" })).toContain("No problems found");
    expect(execFileSync("sgdisk", ["-A", "1:get:2", file], { encoding: "utf8" })).toContain("1:2:1");
    const files = execFileSync("mdir", ["-b", "-a", "-i", `${file}@@${esp.offset}`], { encoding: "utf8" });
    expect(files.toLowerCase()).toContain("ldlinux.sys");
  });

  it("has its own startup key on the ESP beside the files given", () => {
    const drive = `${locked.file}@@${locked.esp.offset}`;
    const archive = execFileSync("mcopy", ["-i", drive, "::/EFI/device/startup.cpio", "-"]);
    const [bek] = decodeCpio(archive);
    expect(bek).toMatchObject({ kind: "file", path: "startup.BEK" });
    if (bek?.kind === "file") expect(decodeStartupKey(bek.bytes).protectorId).toBe(locked.startupKey!.protectorId);
    const payload = execFileSync("mcopy", ["-i", drive, "::/EFI/BOOT/BOOTX64.EFI", "-"], { maxBuffer: 8 * MIB });
    expect(Buffer.compare(payload, seededRandom("payload")(3 * MIB))).toBe(0);
    expect(execFileSync("fsck.vfat", ["-n", extracted(locked)], { encoding: "utf8" })).not.toMatch(/differ|error/i);
  });

  it("shows the files that were put on it to whoever holds either recovery password or the startup key", async () => {
    const { file, windows: volume, startupKey } = locked;
    const expected = sorted(locked.files);
    expect(locked.files.get(BAD)).toMatchObject({ size: 40_960, mtime: `${BAD_RELEASE + 25}.0000000000` });
    for (const password of [vaulted!, spare!]) {
      const seen = await inspectDisk({ file, volume, opener: { type: "recovery-password", password } });
      expect(sorted(seen)).toEqual(expected);
    }
    const opener = { type: "startup-key", startupKey: startupKey! } as const;
    expect(sorted(await inspectDisk({ file, volume, opener }))).toEqual(expected);
  });

  it("is refused with the reason to whoever holds another volume's password", async () => {
    const password = randomRecoveryPassword(seededRandom("stranger")(16));
    const { file, windows: volume } = locked;
    const looking = inspectDisk({ file, volume, opener: { type: "recovery-password", password } });
    await expect(looking).rejects.toThrow(OperatorError);
    await expect(looking).rejects.toThrow("wrong-key");
  });

  it("is not changed by looking into it", () => {
    expect(sha256(locked.file)).toBe(before);
  });

  it("is found on its image without being told where", () => {
    const disk = openDiskFile(locked.file);
    expect(findVolumes(disk.read, disk.bytes)).toEqual([{ kind: "bitlocker", ...locked.windows }]);
    disk.close();
  });

  it("that is suspended or still encrypting can be looked into as well", async () => {
    const suspended = await build("suspended", {
      protection: { kind: "bitlocker", recoveryPasswords: [], startupKey: true, clearKey: true },
    });
    const clear = { file: suspended.file, volume: suspended.windows, opener: { type: "clear-key" } } as const;
    expect(sorted(await inspectDisk(clear))).toEqual(sorted(suspended.files));
    const encrypting = await build("encrypting", {
      protection: { kind: "bitlocker", recoveryPasswords: [], startupKey: true, state: "encrypting" },
    });
    const opener = { type: "startup-key", startupKey: encrypting.startupKey! } as const;
    const seen = await inspectDisk({ file: encrypting.file, volume: encrypting.windows, opener });
    expect(sorted(seen)).toEqual(sorted(encrypting.files));
  });

  it("without BitLocker shows its files, and through an overlay exactly what the overlay changed", async () => {
    const plain = await build("plain", {});
    expect(sorted(await inspectPlain(plain))).toEqual(sorted(plain.files));
    const at = readFileSync(plain.file).indexOf(windowsTree().files.find(({ path }) => path === KERNEL)!.content);
    const overlay = join(folder, "overlay.qcow2");
    execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", "-b", plain.file, "-F", "raw", overlay]);
    execFileSync("qemu-io", ["-c", `write -P 0 ${at} 4096`, overlay]);
    const seen = await inspectDisk({ file: plain.file, overlay, volume: plain.windows, opener: { type: "plain" } });
    const changes = diskChanges([...plain.files.values()], [...seen.values()]);
    expect(changes.map(({ path, change }) => [path, change])).toEqual([[KERNEL, "changed"]]);
  });

  it("left by a bugcheck is dirty, in the MFT and in its mirror, and ntfs-3g still takes it", async () => {
    const [clean, dirty] = [await build("clean", {}), await build("dirty", { ntfs: { dirty: true } })];
    const flag = (made: CrashTestDisk) => {
      const disk = openDiskFile(made.file);
      const ntfs = readFrom(disk.read, made.windows.offset);
      const is = ntfsFlagPlaces(ntfs).every((place) => (ntfs(place, 1)[0]! & NTFS_DIRTY) !== 0);
      disk.close();
      return is;
    };
    expect([flag(clean), flag(dirty)]).toEqual([false, true]);
    expect(sorted(await inspectPlain(dirty))).toEqual(sorted(dirty.files));
  });

  it("left by hibernation is one that ntfs-3g mounts read-only", async () => {
    const disk = await build("hibernated", { ntfs: { hibernated: true } });
    expect(disk.files.get("hiberfil.sys")).toBeDefined();
    const image = volumeOf(disk);
    const mount = 'mkdir "$2"; ntfs-3g "$1" "$2" 2>&1; grep " $2 " /proc/mounts';
    const ran = await runWithMounts(mount, [image, join(folder, "mount")]);
    expect(ran.stdout).toMatch(/hibernated/);
    expect(ran.stdout).toMatch(/ fuse(blk)? ro,/);
  });

  it("made with a trick has it on NTFS: junction, second name, twin in other case, folder with the name", async () => {
    const look = async (trick: "junction" | "hard-link" | "case" | "folder", question: string) => {
      const disk = await build(trick, { windows: windowsTree({ trick }) });
      const script = `mkdir -p "$2"; ntfs-3g -o ro "$1" "$2"; cd "$2/Windows/System32/drivers"; ${question}`;
      const ran = await runWithMounts(script, [volumeOf(disk), join(folder, "mount")]);
      return ran.stdout.trim();
    };
    const reparse =
      'getfattr -h -n system.ntfs_reparse_data -e hex CrowdStrike | grep -o "=0x030000a0"; ls CrowdStrike/';
    const junction = await look("junction", reparse);
    expect(junction).toContain("=0x030000a0");
    expect(junction).toContain(BAD_CHANNEL_FILE);
    expect(await look("hard-link", `stat -c %h CrowdStrike/${BAD_CHANNEL_FILE}`)).toBe("2");
    const twins = await look("case", `ls CrowdStrike | grep -ic '^${BAD_CHANNEL_FILE}$'`);
    expect(twins).toBe("2");
    expect(await look("folder", "stat -c %F CrowdStrike/C-00000291-00000000-00000099.sys")).toBe("directory");
  });
});

function sha256(file: string): string {
  return execFileSync("sha256sum", [file], { encoding: "utf8" }).slice(0, 64);
}

function extracted({ file, esp }: CrashTestDisk): string {
  return copyOf(file, esp, "esp.img");
}

function volumeOf({ file, windows }: CrashTestDisk): string {
  return copyOf(file, windows, "ntfs.img");
}

function copyOf(file: string, { offset, bytes }: { offset: number; bytes: number }, name: string): string {
  const to = join(folder, name);
  const range = [`skip=${offset / MIB}`, `count=${bytes / MIB}`, "bs=1M", "status=none"];
  execFileSync("dd", [`if=${file}`, `of=${to}`, ...range]);
  return to;
}
