import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { basename, join } from "node:path";
import type { ImageArchitecture } from "../boot/image-id.ts";
import { missingFor } from "../boot/table.ts";
import { ARCHITECTURES } from "./architecture.ts";
import { assetNames, readAsset } from "./assets.ts";
import { type DebianPackage, fetchPackages, type UnpackedPackage } from "./debian.ts";
import { type DriverSet, driverModules } from "./drivers.ts";
import { initrdTree, packInitrd } from "./initramfs.ts";
import { type ImageFile, MANIFEST, MANIFEST_VERSION, type Manifest, manifestText, verifyImage } from "./manifest.ts";
import { ModuleStore } from "./modules.ts";
import { writeOwnFile } from "./own-file.ts";
import { PackageFiles } from "./package-files.ts";
import { loadRecipe } from "./recipe.ts";

interface BuildOptions {
  /** Of the devices; default: x64. It need not be that of the machine that builds. */
  readonly architecture?: ImageArchitecture | undefined;
  /** The folder for the image: manifest.json and the served files. */
  readonly out: string;
  /** Packages and what was made of them; may be deleted at any time, but then the next build needs the mirror. */
  readonly cache: string;
  readonly driverSet: DriverSet;
  /** The address of a Debian mirror; default: $BREAKGLASS_MIRROR, else that of the machine's own apt. */
  readonly mirror?: string | undefined;
  /** Ask the mirror for newer packages, though the cache has a complete set. */
  readonly update?: boolean | undefined;
  readonly log: (line: string) => void;
}

/**
 * Builds the recovery image of pxe/image/ with the agent of pxe/agent, for any architecture on any machine. The same
 * packages and the same pxe/ give the same bytes. An image in `out` that is already so is left as it is.
 * @throws OperatorError when packages are not to be had.
 */
export async function buildImage(options: BuildOptions): Promise<Manifest> {
  const { architecture = "x64", out, cache, driverSet, log } = options;
  const recipe = loadRecipe(readText("pxe/image/recipe.json"), readText(`pxe/image/recipe-${architecture}.json`));
  const files = new PackageFiles(await fetchPackages(recipe, { ...fetchDefaults(options), log }));
  const release = files.kernelRelease();
  const store = new ModuleStore(files.folder(`usr/lib/modules/${release}`));
  const drivers = driverModules(readText(`pxe/image/drivers-${driverSet}.txt`), architecture, store);
  const modules = await store.closure([...recipe.modules, ...recipe.moreModules, ...drivers]);
  log(`kernel ${release}, ${modules.length} modules (${driverSet})`);
  const { shim, grub } = ARCHITECTURES[architecture];
  const loadAtStart = recipe.modules.filter((name) => !store.isBuiltIn(name));
  const scripts = agentScripts();
  const tree = initrdTree({ recipe, files, release, modules, loadAtStart, scripts });
  const served: [role: ImageFile["role"], path: string, bytes: Uint8Array][] = [
    ["shim", shim, files.read(recipe.shim)],
    ["grub", grub, files.read(recipe.grub)],
    ["kernel", "vmlinuz", files.read(`boot/vmlinuz-${release}`)],
    ["initrd", "initrd", await packInitrd(tree, recipe.compression, cache)],
  ];
  if (recipe.ipxe !== undefined) {
    served.push(["ipxe-uefi", "snponly.efi", files.read(recipe.ipxe.uefi)]);
    served.push(["ipxe-bios", "undionly.kpxe", files.read(recipe.ipxe.bios)]);
  }
  refuseUnused(files);
  refuseMissing(
    architecture,
    served.map(([, path]) => path),
  );
  const manifest: Manifest = {
    version: MANIFEST_VERSION,
    architecture,
    driverSet,
    kernelRelease: release,
    files: served.map(([role, path, bytes]) => ({ path, role, size: bytes.length, sha256: digest(bytes) })),
    packages: files.packages.map(packageOnly),
  };
  if (await isAlready(out, manifest)) return manifest;
  mkdirSync(out, { recursive: true });
  for (const [, path, bytes] of served) replaceFile(join(out, path), bytes);
  replaceFile(join(out, MANIFEST), Buffer.from(manifestText(manifest)));
  return manifest;
}

/** Where packages come from, in the order: option, environment, the machine's apt. */
export function fetchDefaults({ cache, mirror, update }: Pick<BuildOptions, "cache" | "mirror" | "update">) {
  mkdirSync(cache, { recursive: true });
  return { cache, mirror: mirror ?? process.env.BREAKGLASS_MIRROR ?? null, update: update ?? false };
}

/** pxe/agent/init is /init; the rest goes to /usr/lib/breakglass. */
function agentScripts(): Map<string, Uint8Array> {
  const place = (name: string) => (name === "init" ? "init" : `usr/lib/breakglass/${name}`);
  return new Map(assetNames("pxe/agent").map((name) => [place(basename(name)), readAsset(name)]));
}

function readText(asset: string): string {
  return Buffer.from(readAsset(asset)).toString("utf8");
}

/** A package in the manifest that gave nothing would be a false statement about the image. */
export function refuseUnused(files: PackageFiles): void {
  const unused = files.unused().map(({ name }) => name);
  if (unused.length > 0) throw new Error(`the recipe names packages of which nothing is used: ${unused.join(" ")}`);
}

/** An image without a loader that the boot table names would leave its devices with "file not found". */
function refuseMissing(architecture: ImageArchitecture, paths: readonly string[]): void {
  const missing = missingFor({ kind: "linux", architecture }, new Set(paths));
  if (missing.length > 0) throw new Error(`the recipe for ${architecture} makes no ${missing.join(" and no ")}`);
}

function packageOnly({ name, version, architecture, sha256 }: UnpackedPackage): DebianPackage {
  return { name, version, architecture, sha256 };
}

async function isAlready(out: string, manifest: Manifest): Promise<boolean> {
  if (!existsSync(join(out, MANIFEST))) return false;
  const same = readFileSync(join(out, MANIFEST), "utf8") === manifestText(manifest);
  return same && (await verifyImage(out)).length === 0;
}

/** A station that is serving the old file keeps it whole: the new one takes its name in one step. */
function replaceFile(path: string, bytes: Uint8Array): void {
  const part = `${path}.${process.pid}.part`;
  writeOwnFile(part, bytes);
  renameSync(part, path);
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
