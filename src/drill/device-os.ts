import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ImageArchitecture } from "../boot/image-id.ts";
import { ARCHITECTURES } from "../image/architecture.ts";
import { readAsset } from "../image/assets.ts";
import { fetchDefaults, refuseUnused } from "../image/build.ts";
import { fetchPackages } from "../image/debian.ts";
import { initrdTree, packInitrd } from "../image/initramfs.ts";
import { ModuleStore } from "../image/modules.ts";
import { writeOwnFile } from "../image/own-file.ts";
import { PackageFiles } from "../image/package-files.ts";
import { loadRecipe } from "../image/recipe.ts";

interface DeviceOsOptions {
  readonly architecture: ImageArchitecture;
  /** The folder for its files. */
  readonly out: string;
  readonly cache: string;
  readonly mirror?: string | undefined;
  /** What a healthy boot ends with. Default: poweroff. */
  readonly healthy?: "poweroff" | "reboot" | "stay" | undefined;
  readonly log: (line: string) => void;
}

/** The name that firmware looks for on a disk that nobody has told it of (UEFI 2.10 section 3.5.1.1). */
const FIRST: Readonly<Record<ImageArchitecture, string>> = { x64: "BOOTX64.EFI", arm64: "BOOTAA64.EFI" };
const SERIAL: Readonly<Record<ImageArchitecture, string>> = { x64: "ttyS0", arm64: "ttyAMA0" };

/**
 * Builds the crash-test device's own operating system: a signed boot chain and a small Linux that stands in for
 * Windows. Its serial line says `BUGCHECK …` and it resets while the bad channel file is there; else `HEALTHY boot ID`
 * (the kernel's own ID of that boot) after a DHCP request as Windows sends it; `RECOVERY …` if it cannot open its disk. Gives path on the EFI system
 * partition -> file. EFI/device/startup.cpio, made with each disk, has the startup key that it opens BitLocker by.
 * @throws OperatorError when Debian's packages are not to be had.
 */
export async function buildDeviceOs(options: DeviceOsOptions): Promise<ReadonlyMap<string, string>> {
  const { architecture, out, cache, log, healthy = "poweroff" } = options;
  const asset = (name: string) => Buffer.from(readAsset(`pxe/device-os/${name}`));
  const script = (name: string) =>
    Buffer.from(asset(name).toString().replace("@HEALTHY@", healthy).replace("@SERIAL@", SERIAL[architecture]));
  const recipe = loadRecipe(asset("recipe.json").toString(), asset(`recipe-${architecture}.json`).toString());
  const files = new PackageFiles(await fetchPackages(recipe, { ...fetchDefaults(options), log }));
  const release = files.kernelRelease();
  const store = new ModuleStore(files.folder(`usr/lib/modules/${release}`));
  const modules = await store.closure([...recipe.modules, ...recipe.moreModules]);
  const loadAtStart = recipe.modules.filter((name) => !store.isBuiltIn(name));
  const scripts = new Map([
    ["init", asset("init")],
    ["usr/lib/breakglass/lease", asset("lease")],
  ]);
  const tree = initrdTree({ recipe, files, release, modules, loadAtStart, scripts });
  // The firmware starts the first by its name; shim starts GRUB beside itself; GRUB reads its script and kernel.
  const contents: readonly (readonly [path: string, bytes: Uint8Array])[] = [
    [`EFI/BOOT/${FIRST[architecture]}`, files.read(recipe.shim)],
    [`EFI/BOOT/${ARCHITECTURES[architecture].grub}`, files.read(recipe.grub)],
    ["EFI/debian/grub.cfg", script("grub.cfg")],
    ["syslinux/syslinux.cfg", script("syslinux.cfg")],
    ["EFI/device/vmlinuz", files.read(`boot/vmlinuz-${release}`)],
    ["EFI/device/initrd", await packInitrd(tree, recipe.compression, cache)],
  ];
  refuseUnused(files);
  mkdirSync(out, { recursive: true });
  return new Map(
    contents.map(([path, bytes]) => {
      const source = join(out, path.replaceAll("/", "-"));
      writeOwnFile(source, bytes);
      return [path, source];
    }),
  );
}
