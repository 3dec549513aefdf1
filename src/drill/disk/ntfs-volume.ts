import { linkSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ByteWriter } from "../../wire/bytes.ts";
import { outputOf, runWithMounts } from "../lab/mount-namespace.ts";
import { run } from "../lab/program.ts";
import type { SeenFile } from "./change.ts";
import { createDiskFile, editDiskFile } from "./file.ts";
import { LIST_FILES, parseFileList } from "./file-list.ts";
import { setNtfsDirty } from "./ntfs-dirty.ts";
import type { WindowsTree } from "./windows-tree.ts";

export interface NtfsState {
  /** As a bugcheck leaves it: Windows would run chkdsk. */
  readonly dirty?: boolean;
  /** As hibernation or fast startup leaves it: hiberfil.sys holds a sleeping Windows. */
  readonly hibernated?: boolean;
}

// $1 image, $2 tree to copy, $3 mount point; then pairs of junction path and reparse data. ntfs-3g stays in the
// foreground, so that waiting for it is waiting for its last write.
const POPULATE = `
ntfs-3g -o no_detach,noatime "$1" "$3" & driver=$!
until mountpoint -q "$3"; do kill -0 $driver; sleep 0.05; done
cp -R --preserve=timestamps,links "$2/." "$3/"
cd "$3"; shift 3
while [ $# -gt 0 ]; do
  mkdir "$1"; setfattr -h -n system.ntfs_reparse_data -v "$2" "$1"; shift 2
done
${LIST_FILES}
mountpoint=$PWD; cd /; umount "$mountpoint"; wait $driver
`;

/** Makes an NTFS of `bytes` in `image` with the tree on it. Returns all its files as they are on it, by path. */
export async function makeNtfs(
  image: string,
  bytes: number,
  tree: WindowsTree,
  state: NtfsState,
): Promise<ReadonlyMap<string, SeenFile>> {
  const work = mkdtempSync(join(tmpdir(), "breakglass-ntfs-"));
  try {
    createDiskFile(image, bytes).close();
    const geometry = [
      "--sector-size",
      "512",
      "--partition-start",
      "2048",
      "--heads",
      "255",
      "--sectors-per-track",
      "63",
    ];
    const options = ["--quick", "--quiet", "--force", "--cluster-size", "4096", "--label", "Windows", ...geometry];
    outputOf("mkntfs", await run(["mkntfs", ...options, image]));
    const staged = join(work, "tree");
    stageTree(staged, tree, state);
    const mount = join(work, "mount");
    mkdirSync(mount);
    const junctions = tree.junctions.flatMap(({ path, to }) => [path, `0x${junctionData(to)}`]);
    const ran = await runWithMounts(POPULATE, [image, staged, mount, ...junctions]);
    const files = parseFileList(outputOf("Filling the NTFS", ran));
    if (state.dirty) makeDirty(image);
    return files;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function stageTree(root: string, tree: WindowsTree, state: NtfsState): void {
  const place = (path: string) => {
    const full = join(root, path);
    mkdirSync(dirname(full), { recursive: true });
    return full;
  };
  mkdirSync(root);
  for (const { path, content, modified } of tree.files) {
    const full = place(path);
    writeFileSync(full, content);
    utimesSync(full, modified, modified);
  }
  for (const path of tree.folders) mkdirSync(place(path), { recursive: true });
  for (const { path, to } of tree.hardLinks) linkSync(join(root, to), place(path));
  for (const { path } of tree.junctions) place(path);
  if (state.hibernated) writeFileSync(place("hiberfil.sys"), hibernationFile());
}

/** PO_MEMORY_IMAGE begins with "hibr" while a session sleeps in it; drivers look at the first page. */
function hibernationFile(): Uint8Array {
  const file = new Uint8Array(256 * 1024);
  file.set(Buffer.from("hibr"));
  return file;
}

/** Reparse data of a junction (REPARSE_DATA_BUFFER, IO_REPARSE_TAG_MOUNT_POINT), as hex. */
function junctionData(to: string): string {
  const shown = Buffer.from(`C:\\${to.replaceAll("/", "\\")}\0`, "utf16le");
  const real = Buffer.from(`\\??\\C:\\${to.replaceAll("/", "\\")}\0`, "utf16le");
  const paths = new ByteWriter()
    .u16le(0)
    .u16le(real.length - 2)
    .u16le(real.length)
    .u16le(shown.length - 2);
  const data = paths.put(real).put(shown).done();
  return Buffer.from(new ByteWriter().u32le(0xa0000003).u16le(data.length).u16le(0).put(data).done()).toString("hex");
}

function makeDirty(image: string): void {
  const disk = editDiskFile(image);
  try {
    setNtfsDirty(disk.read, disk.write);
  } finally {
    disk.close();
  }
}
