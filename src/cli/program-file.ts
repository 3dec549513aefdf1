import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { isSea } from "node:sea";
import { fileURLToPath } from "node:url";
import type { ImageArchitecture } from "../boot/image-id.ts";

/** The file that starts this program: the single executable, or the checkout's launcher. Links are followed. */
export function programFile(): string {
  return isSea() ? realpathSync(process.execPath) : fileURLToPath(new URL("../../breakglass", import.meta.url));
}

/** True if a shell finds this very program under the name `breakglass` on its PATH. */
export function isOnPath(file = programFile(), path = process.env.PATH ?? ""): boolean {
  const first = path
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, "breakglass"))
    .find((candidate) => existsSync(candidate));
  return first !== undefined && realpathSync(first) === file;
}

/**
 * A folder of what was built, such as `image`: below `build/` here if it is there, else below `build/` beside the
 * program, from wherever and through whatever link it was called. Relative where it is below the working folder.
 */
export function builtFolder(name: string): string {
  const here = join("build", name);
  if (existsSync(here)) return here;
  const beside = join(dirname(programFile()), "build", name);
  const shown = relative(resolve("."), beside);
  return shown.startsWith("..") || isAbsolute(shown) ? beside : shown;
}

/** Where each architecture's image is built and looked for, unless the operator says otherwise. */
export function imageFolder(architecture: ImageArchitecture): string {
  return builtFolder(architecture === "x64" ? "image" : `image-${architecture}`);
}
