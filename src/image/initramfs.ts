import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";
import { encodeCpio } from "../wire/cpio.ts";
import { architectureOf } from "./architecture.ts";
import type { KernelModule } from "./modules.ts";
import { moduleIndex } from "./modules.ts";
import { writeOwnFile } from "./own-file.ts";
import type { PackageFiles } from "./package-files.ts";
import { addPrograms } from "./programs.ts";
import type { Recipe } from "./recipe.ts";
import { Tree } from "./tree.ts";

/** What goes into an initrd beside the recipe's own files. */
interface InitrdParts {
  readonly recipe: Recipe;
  readonly files: PackageFiles;
  readonly release: string;
  readonly modules: readonly KernelModule[];
  /** Names of modules for /etc/breakglass/modules: to be loaded at start, in this order. */
  readonly loadAtStart: readonly string[];
  /** Scripts and the like: path in the initrd -> contents. All are executable. */
  readonly scripts: ReadonlyMap<string, Uint8Array>;
}

/** The whole file tree, laid out like Debian's own (everything below /usr, links for the old names). */
export function initrdTree({ recipe, files, release, modules, loadAtStart, scripts }: InitrdParts): Tree {
  const tree = new Tree();
  for (const folder of ["dev", "proc", "sys", "run", "mnt", "root", "usr/bin", "usr/lib", "usr/lib64"])
    tree.folder(folder);
  tree.folder("tmp", 0o1777);
  for (const folder of ["bin", "lib", "lib64"]) tree.link(folder, `usr/${folder}`);
  tree.link("sbin", "usr/bin").link("usr/sbin", "bin");
  // The kernel opens /dev/console before the init program could mount anything there.
  tree.add({ kind: "character-device", path: "dev/console", mode: 0o600, major: 5, minor: 1 });
  tree.add({ kind: "character-device", path: "dev/null", mode: 0o666, major: 1, minor: 3 });
  tree.link("etc/mtab", "../proc/self/mounts");
  const { libraries } = architectureOf(recipe.architecture);
  addPrograms(tree, files, libraries, recipe.programs, recipe.openedLibraries);
  addModules(tree, release, modules);
  tree.file("etc/breakglass/modules", loadAtStart.map((name) => `${name}\n`).join(""));
  for (const [path, bytes] of scripts) tree.file(path, bytes, 0o755);
  if (!tree.has("init")) throw new Error("no file /init: the kernel would have nothing to start");
  return tree;
}

function addModules(tree: Tree, release: string, modules: readonly KernelModule[]): void {
  const folder = `usr/lib/modules/${release}`;
  for (const { path, bytes } of modules) tree.file(`${folder}/${path}`, bytes);
  const { dep, alias } = moduleIndex(modules);
  tree.file(`${folder}/modules.dep`, dep).file(`${folder}/modules.alias`, alias);
}

/** The kernel looks for a further archive after this one on the next 4-byte boundary; 512 is cpio's own block. */
const PADDING = 512;

/**
 * The bytes of an initrd, padded to a multiple of 512 so that a session's own small archive can be appended. Equal
 * trees give equal bytes: zstd with one thread is deterministic for one version of it. What was compressed once is kept
 * in the cache, by its digest.
 */
export async function packInitrd(tree: Tree, level: number, cache: string): Promise<Uint8Array> {
  const archive = encodeCpio(tree.entries());
  if (level === 0) return archive;
  const key = createHash("sha256").update(archive).digest("hex");
  const folder = join(cache, "initrd");
  const kept = join(folder, `${key}-zstd-${process.versions.zstd}-${level}`);
  if (existsSync(kept)) return readFileSync(kept);
  const parameters = {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_nbWorkers]: 0,
    [constants.ZSTD_c_checksumFlag]: 1,
  };
  const packed = await promisify(zstdCompress)(archive, {
    params: parameters,
    pledgedSrcSize: archive.length,
  } as object);
  const padded = new Uint8Array(Math.ceil(packed.length / PADDING) * PADDING);
  padded.set(packed);
  mkdirSync(folder, { recursive: true });
  const part = `${kept}.${process.pid}`;
  writeOwnFile(part, padded);
  renameSync(part, kept);
  return padded;
}
