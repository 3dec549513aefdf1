interface RemoteFile {
  readonly name: string;
  readonly isFile: boolean;
  /** Seconds since 1970 UTC. */
  readonly modifiedAt: number;
}

/**
 * The name of the newest file that ends in one of `endings` (any case); of two with one date, the last by name, as
 * exports are named by day. Hidden files are uploads that are not done yet. Null if there is none.
 */
export function newestExport(files: readonly RemoteFile[], endings: readonly string[]): string | null {
  const fits = ({ name, isFile }: RemoteFile) =>
    isFile && !name.startsWith(".") && endings.some((ending) => name.toLowerCase().endsWith(ending.toLowerCase()));
  const inOrder = files
    .filter(fits)
    .toSorted((a, b) => a.modifiedAt - b.modifiedAt || (a.name < b.name ? -1 : Number(a.name > b.name)));
  return inOrder.at(-1)?.name ?? null;
}
