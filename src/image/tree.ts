import type { CpioEntry } from "../wire/cpio.ts";

/** The file tree of an initrd while it is put together. Two things at one path are a mistake and throw. */
export class Tree {
  readonly #entries = new Map<string, CpioEntry>();

  add(entry: CpioEntry): this {
    const before = this.#entries.get(entry.path);
    if (before?.kind === "directory" && entry.kind === "directory") return this;
    if (before !== undefined) throw new Error(`two files for /${entry.path}`);
    const slash = entry.path.lastIndexOf("/");
    if (slash > 0) this.folder(entry.path.slice(0, slash));
    this.#entries.set(entry.path, entry);
    return this;
  }

  file(path: string, bytes: Uint8Array | string, mode = 0o644): this {
    return this.add({ kind: "file", path, mode, bytes: typeof bytes === "string" ? Buffer.from(bytes) : bytes });
  }

  folder(path: string, mode = 0o755): this {
    const parent = this.#entries.get(path);
    if (parent !== undefined && parent.kind !== "directory") throw new Error(`/${path} is no folder`);
    return parent === undefined ? this.add({ kind: "directory", path, mode }) : this;
  }

  link(path: string, to: string): this {
    return this.add({ kind: "symlink", path, to });
  }

  has(path: string): boolean {
    return this.#entries.has(path);
  }

  /** Everything, sorted by path: a folder comes before what is in it, as the kernel needs it. */
  entries(): CpioEntry[] {
    return [...this.#entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }
}
