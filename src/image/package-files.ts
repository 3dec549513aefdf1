import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { UnpackedPackage } from "./debian.ts";

/** The files of several unpacked packages, found by their path in the installed system (no leading slash). */
export class PackageFiles {
  readonly packages: readonly UnpackedPackage[];
  readonly #used = new Set<UnpackedPackage>();

  constructor(packages: readonly UnpackedPackage[]) {
    this.packages = packages;
  }

  /** Where a file lies on this machine, or null. Links are followed within their package. */
  find(path: string): string | null {
    for (const each of this.packages) {
      const place = join(each.folder, path);
      if (!existsSync(place) || !statSync(place).isFile()) continue;
      this.#used.add(each);
      return place;
    }
    return null;
  }

  /** @throws Error if no package has the file. */
  read(path: string): Uint8Array {
    const place = this.find(path);
    if (place === null) throw new Error(`none of the recipe's packages has /${path}`);
    return readFileSync(place);
  }

  /** The place of a folder that exactly one package has. */
  folder(path: string): string {
    const owner = this.packages.find(({ folder }) => existsSync(join(folder, path)));
    if (owner === undefined) throw new Error(`none of the recipe's packages has the folder /${path}`);
    this.#used.add(owner);
    return join(owner.folder, path);
  }

  /** The release of the kernel whose modules are among the files, like `6.12.1+deb13-amd64`. */
  kernelRelease(): string {
    const releases = readdirSync(this.folder("usr/lib/modules"));
    if (releases.length !== 1) throw new Error(`expected the modules of one kernel, found ${releases.join(" ")}`);
    return releases[0]!;
  }

  /** The packages of which nothing was asked for. */
  unused(): readonly UnpackedPackage[] {
    return this.packages.filter((each) => !this.#used.has(each));
  }
}
