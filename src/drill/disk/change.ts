import type { DiskChange } from "../report/result.ts";

/** A file on a device's volume as somebody outside the device sees it. */
export interface SeenFile {
  /** From the volume's root, with `/`. */
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  /** Last write, as the file system says it. */
  readonly mtime: number | bigint | string;
}

/**
 * What differs between two looks at a volume, by path. A file that vanished while the same content appeared elsewhere
 * was moved.
 */
export function diskChanges(before: readonly SeenFile[], after: readonly SeenFile[]): DiskChange[] {
  const old = new Map(before.map((file) => [file.path, file]));
  const now = new Map(after.map((file) => [file.path, file]));
  const changed = after.filter((file) => {
    const was = old.get(file.path);
    return was !== undefined && (was.sha256 !== file.sha256 || was.size !== file.size || was.mtime !== file.mtime);
  });
  const added = new Map(after.filter((file) => !old.has(file.path)).map((file) => [file.path, file]));
  const gone: DiskChange[] = [];
  for (const file of before.filter(({ path }) => !now.has(path))) {
    const moved = [...added.values()].find((each) => each.sha256 === file.sha256 && each.size === file.size);
    if (moved !== undefined) added.delete(moved.path);
    gone.push({ path: file.path, change: moved ? "moved" : "removed", to: moved?.path ?? null, sha256: file.sha256 });
  }
  return [
    ...gone,
    ...changed.map(({ path, sha256 }): DiskChange => ({ path, change: "changed", to: null, sha256 })),
    ...[...added.values()].map(({ path, sha256 }): DiskChange => ({ path, change: "added", to: null, sha256 })),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * Why these changes are more, or less, than the move of exactly these bad files into a quarantine folder, beside which
 * only the quarantine's own manifest may have appeared; null if they are exactly that.
 */
export function unlikeQuarantine(
  changes: readonly DiskChange[],
  badFiles: readonly string[],
  quarantine: string,
): string | null {
  const inside = (path: string) => path.toLowerCase().startsWith(`${quarantine.toLowerCase()}/`);
  for (const bad of badFiles)
    if (!changes.some((each) => each.path === bad && each.to !== null && inside(each.to)))
      return `${bad} was not moved into ${quarantine}`;
  for (const { path, change } of changes) {
    if (badFiles.includes(path)) continue;
    if (change === "added" && inside(path)) continue;
    return `${path} was ${change}`;
  }
  return null;
}
