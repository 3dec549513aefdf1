import type { ImageArchitecture } from "../boot/image-id.ts";
import { MalformedError } from "../wire/malformed.ts";
import { IMAGE_ARCHITECTURES } from "./architecture.ts";
import type { ModuleStore } from "./modules.ts";

/** Which machines an image is for: whole fleets, or the lab's virtual devices alone. */
export const DRIVER_SETS = ["fleet", "minimal"] as const;
export type DriverSet = (typeof DRIVER_SETS)[number];

const LINE = new RegExp(`^(?:(${IMAGE_ARCHITECTURES.join("|")}) +)?(.*)$`);

/**
 * The modules of a driver set, pxe/image/drivers-*.txt: one module name in a line, or a folder of the kernel's modules
 * (it ends with `/`) for all below it; `#` starts a comment; a line `- name` takes one out again; a line that begins
 * with an architecture (`x64 vmd`) is for that one alone.
 * @throws MalformedError with the line's number.
 */
export function driverModules(text: string, architecture: ImageArchitecture, store: ModuleStore): string[] {
  const modules = new Set<string>();
  for (const [index, line] of text.split("\n").entries()) {
    const [, only, words] = LINE.exec(line.replace(/#.*/, "").trim()) as unknown as [string, string?, string?];
    if (!words || (only !== undefined && only !== architecture)) continue;
    if (/^[a-z0-9_]+$/.test(words)) modules.add(words);
    else if (/^kernel\/[a-z0-9_/-]+\/$/.test(words)) {
      const below = store.below(words);
      if (below.length === 0) throw new MalformedError(`this kernel has no modules in ${words}`, index + 1);
      for (const name of below) modules.add(name);
    } else if (/^- [a-z0-9_]+$/.test(words)) {
      if (!modules.delete(words.slice(2))) throw new MalformedError(`${words.slice(2)} was not in the set`, index + 1);
    } else throw new MalformedError("neither a module nor a folder of modules", index + 1);
  }
  return [...modules];
}
