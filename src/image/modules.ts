import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { readElf } from "./elf.ts";
import { runProgram } from "./program.ts";

/** A kernel module, ready for an initrd. Names have `_` where file names may have `-`. */
export interface KernelModule {
  readonly name: string;
  /** Below the release's folder, like `kernel/fs/ntfs3/ntfs3.ko`. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Modules to load before it: those it is linked with, and those it names as a soft dependency. */
  readonly before: readonly string[];
  /** Patterns of the devices and features for which the kernel or a coldplug asks for it. */
  readonly aliases: readonly string[];
  /** Firmware files that it may ask for; the image carries none. */
  readonly firmware: readonly string[];
}

/** The modules of one kernel package, which Debian packs with xz. Unpacked modules are kept beside the packed ones. */
export class ModuleStore {
  readonly #folder: string;
  readonly #paths: ReadonlyMap<string, string>;
  readonly #builtIn: ReadonlySet<string>;

  /** `folder` is the release's folder, `…/usr/lib/modules/<release>`. */
  constructor(folder: string) {
    this.#folder = folder;
    const all = readdirSync(join(folder, "kernel"), { recursive: true, encoding: "utf8" });
    const packed = all.filter((path) => path.endsWith(".ko.xz")).map((path) => `kernel/${path.slice(0, -3)}`);
    this.#paths = new Map(packed.sort().map((path) => [moduleName(path), path]));
    const builtIn = readFileSync(join(folder, "modules.builtin"), "utf8").split("\n").filter(Boolean);
    this.#builtIn = new Set(builtIn.map(moduleName));
  }

  isBuiltIn(name: string): boolean {
    return this.#builtIn.has(name);
  }

  /** The names of the modules below a folder like `kernel/drivers/net/usb/`. */
  below(folder: string): string[] {
    return [...this.#paths].filter(([, path]) => path.startsWith(folder)).map(([name]) => name);
  }

  /**
   * The modules named and everything they need, sorted by path. Names that are built into the kernel are left out.
   * @throws Error for a name that this kernel does not have.
   */
  async closure(names: readonly string[]): Promise<KernelModule[]> {
    const found = new Map<string, KernelModule>();
    let wanted = [...new Set(names)];
    while (wanted.length > 0) {
      const absent = wanted.filter((name) => !this.#paths.has(name) && !this.#builtIn.has(name));
      if (absent.length > 0) throw new Error(`this kernel has no module ${absent.join(", ")}`);
      const level = wanted.filter((name) => this.#paths.has(name));
      await this.#unpack(level.map((name) => this.#paths.get(name)!));
      for (const name of level) found.set(name, this.#read(name));
      const next = level.flatMap((name) => found.get(name)!.before);
      wanted = [...new Set(next)].filter((name) => !found.has(name));
    }
    return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  #read(name: string): KernelModule {
    const path = this.#paths.get(name)!;
    const bytes = readFileSync(join(this.#folder, path));
    const info = readElf(bytes).moduleInfo;
    const values = (key: string) => info.filter(([each]) => each === key).map(([, value]) => value);
    const linked = values("depends")
      .flatMap((value) => value.split(","))
      .filter(Boolean);
    // A soft dependency may name a module that this kernel lacks: the module then does without.
    const soft = values("softdep")
      .flatMap(softBefore)
      .filter((each) => this.#paths.has(each));
    const before = [...new Set([...linked.map(moduleName), ...soft])].filter((each) => !this.#builtIn.has(each));
    return { name, path, bytes, before, aliases: values("alias"), firmware: values("firmware") };
  }

  /**
   * Unpacking keeps every byte of the module, and so its signature. Done aside and moved into place, because several
   * builds may use one cache.
   */
  async #unpack(paths: readonly string[]): Promise<void> {
    const packed = paths.filter((path) => !existsSync(join(this.#folder, path)));
    if (packed.length === 0) return;
    const aside = mkdtempSync(join(this.#folder, "unpack-"));
    try {
      for (const path of packed) copyFileSync(join(this.#folder, `${path}.xz`), join(aside, `${basename(path)}.xz`));
      const names = packed.map((path) => `${basename(path)}.xz`);
      await runProgram("xz", ["--decompress", "--", ...names], { cwd: aside, debianPackage: "xz-utils" });
      for (const path of packed) renameSync(join(aside, basename(path)), join(this.#folder, path));
    } finally {
      rmSync(aside, { recursive: true, force: true });
    }
  }
}

/** `kernel/fs/nls/nls_iso8859-1.ko` is the module nls_iso8859_1. */
function moduleName(path: string): string {
  const file = path.slice(path.lastIndexOf("/") + 1);
  return file.replace(/\.ko$/, "").replaceAll("-", "_");
}

/** The modules of the `pre:` part of a soft dependency (modprobe.d(5)). */
function softBefore(value: string): string[] {
  const before = /\bpre:\s*([^:]*?)(?:\s*\bpost:|$)/.exec(value)?.[1] ?? "";
  return before.split(/\s+/).filter(Boolean).map(moduleName);
}

/**
 * What modprobe reads: modules.dep with every module that must come before, last one first (the order in which depmod
 * writes them), and modules.alias.
 */
export function moduleIndex(modules: readonly KernelModule[]): { dep: string; alias: string } {
  const byName = new Map(modules.map((each) => [each.name, each]));
  const allBefore = (start: KernelModule) => {
    const order: KernelModule[] = [];
    const visit = (each: KernelModule) => {
      for (const name of each.before) {
        const next = byName.get(name);
        if (next !== undefined && !order.includes(next) && next !== start) {
          visit(next);
          order.push(next);
        }
      }
    };
    visit(start);
    return order.reverse();
  };
  const dep = modules.map(
    (each) =>
      `${each.path}:${allBefore(each)
        .map(({ path }) => ` ${path}`)
        .join("")}\n`,
  );
  const alias = modules.flatMap(({ name, aliases }) => aliases.map((pattern) => `alias ${pattern} ${name}\n`));
  return { dep: dep.join(""), alias: alias.join("") };
}
