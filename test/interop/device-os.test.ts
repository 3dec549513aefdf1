import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildDeviceOs } from "../../src/drill/device-os.ts";
import { decodeCpio } from "../../src/wire/cpio.ts";
import { describeWith } from "./needs.ts";

describeWith(["apt-get", "dpkg-deb", "xz"], "the crash-test device's own operating system", () => {
  const work = mkdtempSync(join(tmpdir(), "breakglass-device-os-"));
  const build = (name: string, healthy?: "reboot") =>
    buildDeviceOs({
      architecture: "x64",
      out: join(work, name),
      cache: resolve("build", "cache"),
      healthy,
      log: () => {},
    });
  let files: ReadonlyMap<string, string>;
  beforeAll(async () => {
    files = await build("a");
  });
  afterAll(() => rmSync(work, { recursive: true }));

  test("has each file where the firmware, shim and Debian's GRUB look for it", () => {
    expect([...files.keys()]).toEqual([
      "EFI/BOOT/BOOTX64.EFI",
      "EFI/BOOT/grubx64.efi",
      "EFI/debian/grub.cfg",
      "syslinux/syslinux.cfg",
      "EFI/device/vmlinuz",
      "EFI/device/initrd",
    ]);
    const grub = readFileSync(files.get("EFI/BOOT/grubx64.efi")!).toString("latin1");
    expect(grub.startsWith("MZ")).toBe(true);
    for (const path of ["/EFI/device/vmlinuz", "/EFI/device/initrd"])
      for (const script of ["EFI/debian/grub.cfg", "syslinux/syslinux.cfg"])
        expect(readFileSync(files.get(script)!, "utf8")).toContain(path);
  });

  test("ends a healthy boot as it was told, and switches the device off unless told", async () => {
    const script = (built: ReadonlyMap<string, string>) => readFileSync(built.get("EFI/debian/grub.cfg")!, "utf8");
    expect(script(files)).toContain(" breakglass.healthy=poweroff\n");
    expect(script(await build("b", "reboot"))).toContain(" breakglass.healthy=reboot\n");
  });

  test("is the same bytes when it is built twice", async () => {
    const again = await build("c");
    for (const [path, source] of files)
      expect(readFileSync(again.get(path)!).equals(readFileSync(source)), path).toBe(true);
  });

  test("loads only modules that it carries", () => {
    const entries = decodeCpio(zstdDecompressSync(readFileSync(files.get("EFI/device/initrd")!)));
    const list = entries.find(({ path }) => path === "etc/breakglass/modules");
    const names = list?.kind === "file" ? Buffer.from(list.bytes).toString().trim().split("\n") : [];
    const carried = entries.map(({ path }) => /([^/]+)\.ko$/.exec(path)?.[1]?.replaceAll("-", "_"));
    expect(names).toContain("dm_zero");
    expect(names.filter((name) => !carried.includes(name))).toEqual([]);
  });
});
