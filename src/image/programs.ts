import { basename } from "node:path";
import { readElf } from "./elf.ts";
import type { PackageFiles } from "./package-files.ts";
import type { Tree } from "./tree.ts";

/**
 * Puts programs into usr/bin and, once each, every library that they are linked with, directly or through another
 * library, under the name by which it is asked for. `libraries` is the architecture's own folder below usr/lib, where
 * Debian's program loader looks first.
 */
export function addPrograms(
  tree: Tree,
  files: PackageFiles,
  libraries: string,
  programs: readonly string[],
  opened: readonly string[],
): void {
  const folders = [`usr/lib/${libraries}`, "usr/lib"];
  const wanted = [...opened];
  for (const path of programs) {
    const bytes = files.read(path);
    tree.file(`usr/bin/${basename(path)}`, bytes, 0o755);
    const { needed, interpreter } = readElf(bytes);
    wanted.push(...needed);
    if (interpreter !== null) addLoader(tree, files, `usr/lib/${libraries}`, interpreter);
  }
  const busybox = programs.find((path) => basename(path) === "busybox");
  if (busybox !== undefined) addApplets(tree, files.read(busybox));
  const seen = new Set<string>();
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const path = folders.map((folder) => `${folder}/${name}`).find((place) => files.find(place) !== null);
    if (path === undefined) throw new Error(`the library ${name} is in none of the recipe's packages`);
    const bytes = files.read(path);
    if (!tree.has(path)) tree.file(path, bytes, 0o755);
    wanted.push(...readElf(bytes).needed);
  }
}

/** Each program names the loader by its absolute path: /lib64/… on x64, /lib/… on arm64; both are links to below /usr. */
function addLoader(tree: Tree, files: PackageFiles, libraries: string, interpreter: string): void {
  const name = basename(interpreter);
  const path = `${libraries}/${name}`;
  if (tree.has(path)) return;
  tree.file(path, files.read(path), 0o755);
  tree.link(`usr${interpreter}`, `../${path.slice("usr/".length)}`);
}

/** One link per applet, unless the real program of that name is there. */
function addApplets(tree: Tree, busybox: Uint8Array): void {
  for (const applet of appletNames(busybox))
    if (!tree.has(`usr/bin/${applet}`)) tree.link(`usr/bin/${applet}`, "busybox");
}

/**
 * The applets of a busybox program. It holds their names as one sorted list of zero-ended strings, which begins with
 * `[` and `[[` (measured; busybox's own applet_tables.c writes it). Asking the program itself would need this machine
 * to be of the same kind.
 */
export function appletNames(busybox: Uint8Array): string[] {
  const bytes = Buffer.from(busybox.buffer, busybox.byteOffset, busybox.length);
  let at = bytes.indexOf("[\0[[\0");
  const names: string[] = [];
  while (at >= 0) {
    const end = bytes.indexOf(0, at);
    const name = bytes.toString("latin1", at, end);
    if (!/^[a-z0-9_[-]+$/i.test(name) || name <= (names.at(-1) ?? "")) break;
    names.push(name);
    at = end + 1;
  }
  if (!names.includes("sh")) throw new Error("found no list of applets in busybox");
  return names;
}
