import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readMetadata } from "../../src/bitlocker/metadata.ts";
import type { NewProtector } from "../../src/bitlocker/new-volume-keys.ts";
import { type RecoveryPassword, randomRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import { encodeStartupKey } from "../../src/bitlocker/startup-key.ts";
import { openVmk } from "../../src/bitlocker/unlock.ts";
import { type NewVolume, type WrittenVolume, writeVolume } from "../../src/bitlocker/writer.ts";
import { createDiskFile, openDiskFile } from "../../src/drill/disk/file.ts";
import { makeNtfs } from "../../src/drill/disk/ntfs-volume.ts";
import { windowsTree } from "../../src/drill/disk/windows-tree.ts";
import { runWithMounts } from "../../src/drill/lab/mount-namespace.ts";
import { seededRandom } from "../bitlocker/memory-volume.ts";
import { describeWith } from "./needs.ts";
import { MAKE_TERMINALS } from "./terminal.ts";

const NTFS_BYTES = 32 * 1024 * 1024;
const NOW = 1_721_000_000;
const random = seededRandom("interop");
const [first, second, stranger] = ["one", "two", "three"].map((seed) => randomRecoveryPassword(seededRandom(seed)(16)));

interface Made {
  readonly file: string;
  readonly bek: Uint8Array;
  readonly written: WrittenVolume;
}

let folder: string;
let ntfs: string;
const made = new Map<string, Made>();

const passwords: NewProtector[] = [first!, second!].map((password) => ({ type: "recovery-password", password }));
const VARIANTS: Record<string, Pick<NewVolume, "method" | "state" | "protectors">> = {
  "aes-xts-128": { method: "aes-xts-128", state: "encrypted", protectors: [{ type: "startup-key" }, ...passwords] },
  "aes-xts-256": { method: "aes-xts-256", state: "encrypted", protectors: [{ type: "startup-key" }, ...passwords] },
  suspended: {
    method: "aes-xts-128",
    state: "encrypted",
    protectors: [{ type: "startup-key" }, { type: "clear-key" }, ...passwords],
  },
  encrypting: { method: "aes-xts-128", state: "encrypting", protectors: [{ type: "startup-key" }, ...passwords] },
};

function make(name: string): Made {
  const file = join(folder, `${name}.img`);
  const source = openDiskFile(ntfs);
  const target = createDiskFile(file, NTFS_BYTES + 1024 * 1024);
  const volume = { ...VARIANTS[name]!, ntfs: source, created: NOW, description: "CRASHTEST C:", random };
  const written = writeVolume(volume, target.write);
  source.close();
  target.close();
  const bek = encodeStartupKey(written.protectors[0]!.startupKey!, NOW).reveal();
  writeFileSync(join(folder, `${name}.BEK`), bek, { mode: 0o600 });
  return { file, bek, written };
}

/** `cryptsetup open --test-passphrase`, which needs no device-mapper; the key goes in on standard input. */
function cryptsetup(file: string, key: Uint8Array | string): { code: number | null; said: string } {
  const argv = ["open", "--test-passphrase", "--type", "bitlk", "--key-file", "-", file];
  const ran = spawnSync("cryptsetup", argv, { input: key, encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
  return { code: ran.status, said: `${ran.stdout}${ran.stderr}`.trim() };
}

// $1 volume, $2 NTFS to compare with, $3 work folder, then dislocker's own arguments.
const COMPARE = `
volume=$1; ntfs=$2; work=$3; shift 3
mount -t tmpfs none "$work"; base64 -d <&3 >"$work/key"; mkdir "$work/clear"
dislocker-fuse -r -V "$volume" "$@" -- "$work/clear"
cmp -n ${NTFS_BYTES} "$work/clear/dislocker-file" "$ntfs" && echo same
`;
// dislocker reads a recovery password from a terminal only.
const COMPARE_WITH_PASSWORD =
  MAKE_TERMINALS +
  COMPARE.replace(
    /^dislocker-fuse.*$/m,
    '(cat "$work/key"; echo; sleep 3) | script -qec "dislocker-fuse -r -V $volume -p -- $work/clear" /dev/null >/dev/null',
  );

async function dislocker(file: string, how: readonly string[], key: Uint8Array | string = ""): Promise<string> {
  const work = join(folder, "work");
  mkdirSync(work, { recursive: true });
  const script = how.includes("-p") ? COMPARE_WITH_PASSWORD : COMPARE;
  const args = how.map((each) => (each === "KEY" ? join(work, "key") : each));
  const fd3 = Buffer.from(key).toString("base64");
  const ran = await runWithMounts(script, [file, ntfs, work, ...args], { fd3, timeout: 60_000 });
  return ran.code === 0 && ran.stdout.includes("same") ? "same" : `refused: ${ran.stdout}${ran.stderr}`;
}

/** The package's version: the program's own says nothing of a snapshot. */
function dislockerVersion(): string {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format
  const { stdout } = spawnSync("dpkg-query", ["-W", "-f=${Version}", "dislocker"], { encoding: "utf8" });
  expect(stdout).toMatch(/^\d/);
  return stdout;
}

const text = (password: RecoveryPassword | undefined) => password!.text.reveal();

describeWith(["cryptsetup", "dislocker-fuse", "ntfs-3g", "mkntfs", "script"], "a volume of our own writing", () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "bitlocker-interop-"));
    ntfs = join(folder, "ntfs.img");
    await makeNtfs(ntfs, NTFS_BYTES, windowsTree(), {});
    for (const name of Object.keys(VARIANTS)) made.set(name, make(name));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(["aes-xts-128", "aes-xts-256"])(
    "(%s) is opened by cryptsetup with each recovery password and the .BEK",
    (name) => {
      const { file, bek } = made.get(name)!;
      for (const key of [text(first), text(second), bek]) expect(cryptsetup(file, key)).toEqual({ code: 0, said: "" });
    },
  );

  it("is not opened by cryptsetup with another volume's password or .BEK", () => {
    const { file } = made.get("aes-xts-128")!;
    expect(cryptsetup(file, text(stranger)).code).not.toBe(0);
    expect(cryptsetup(file, made.get("aes-xts-256")!.bek).code).not.toBe(0);
  });

  it("is described by cryptsetup as it was meant", () => {
    const { file, written } = made.get("aes-xts-128")!;
    const dump = spawnSync("cryptsetup", ["bitlkDump", file], { encoding: "utf8" }).stdout;
    const ids = [...dump.matchAll(/GUID:\s+(\S+)\n\tProtection:\s+(.*)/g)].map(([, id, type]) => [
      id!.toUpperCase(),
      type,
    ]);
    const [startup, one, two] = written.protectors.map(({ protectorId }) => protectorId);
    expect(ids).toEqual([
      [startup, "VMK protected with startup key"],
      [one, "VMK protected with recovery passphrase"],
      [two, "VMK protected with recovery passphrase"],
    ]);
    expect(dump).toContain(written.volumeGuid.toLowerCase());
    expect(dump).toMatch(/Cipher mode:\s+xts-plain64/);
  });

  it("that is still encrypting is refused by cryptsetup as unsupported, whatever the key", () => {
    const { file, bek } = made.get("encrypting")!;
    const said = "This BITLK device is in an unsupported state and cannot be activated.";
    for (const key of [text(first), text(stranger), bek])
      expect(cryptsetup(file, key)).toMatchObject({ code: 1, said });
  });

  it("that is suspended is refused by cryptsetup 2.6 and 2.7, though the password is right", () => {
    const version = spawnSync("cryptsetup", ["--version"], { encoding: "utf8" }).stdout;
    const old = /cryptsetup 2\.[67]\./.test(version);
    const said = "Activation of partially decrypted BITLK device is not supported.";
    expect(cryptsetup(made.get("suspended")!.file, text(first))).toMatchObject(old ? { code: 1, said } : { code: 0 });
  });

  it.each(["aes-xts-128", "aes-xts-256", "suspended"])(
    "(%s) reads as its NTFS through dislocker with the .BEK",
    async (name) => {
      expect(await dislocker(made.get(name)!.file, ["-f", join(folder, `${name}.BEK`)])).toBe("same");
    },
  );

  it("that is suspended reads as its NTFS through dislocker with nothing but its clear key", async () => {
    expect(await dislocker(made.get("suspended")!.file, ["-c"])).toBe("same");
    expect(await dislocker(made.get("aes-xts-128")!.file, ["-c"])).toContain("refused");
  });

  it("reads as its NTFS through dislocker with the first recovery password, and with the second from 2024 on", async () => {
    const { file } = made.get("aes-xts-128")!;
    expect(await dislocker(file, ["-p"], text(first))).toBe("same");
    // Debian 13's 0.7.3+git20240607 tries every recovery protector; Debian 12's 0.7.3 only the first.
    const every = spawnSync("dpkg", ["--compare-versions", dislockerVersion(), "ge", "0.7.3+git2024"]).status === 0;
    const other = await dislocker(file, ["-p"], text(second));
    if (every) expect(other).toBe("same");
    else expect(other).toContain("refused");
    expect(await dislocker(file, ["-p"], text(stranger))).toContain("refused");
  });

  it("reads as its NTFS through dislocker with the VMK that either recovery password gave us", async () => {
    const { file } = made.get("aes-xts-256")!;
    const disk = openDiskFile(file);
    const metadata = readMetadata(disk.read);
    for (const password of [first!, second!]) {
      const opened = openVmk(metadata, { type: "recovery-password", password });
      if (!opened.unlocked) throw new Error(opened.reason);
      expect(await dislocker(file, ["-K", "KEY"], opened.vmk.reveal())).toBe("same");
    }
    disk.close();
  });

  it("that is still encrypting is refused by dislocker unless it is told to look all the same", async () => {
    const { file } = made.get("encrypting")!;
    const bek = ["-f", join(folder, "encrypting.BEK")];
    expect(await dislocker(file, bek)).toContain("refused");
    expect(await dislocker(file, ["-s", ...bek])).toBe("same");
  });

  it("is read by dislocker from the second metadata block when the first is damaged, as by us", async () => {
    const { file } = made.get("aes-xts-128")!;
    const copy = join(folder, "damaged.img");
    spawnSync("cp", [file, copy]);
    spawnSync("dd", ["if=/dev/zero", `of=${copy}`, "bs=4096", `seek=${NTFS_BYTES / 4096}`, "count=1", "conv=notrunc"]);
    expect(await dislocker(copy, ["-f", join(folder, "aes-xts-128.BEK")])).toBe("same");
    const disk = openDiskFile(copy);
    expect(readMetadata(disk.read).block).toBe(2);
    disk.close();
  });
});
