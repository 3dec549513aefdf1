import { readdirSync, readFileSync } from "node:fs";
import { getAssetKeys, getRawAsset, isSea } from "node:sea";
import { fileURLToPath } from "node:url";

/**
 * The files that the program reads of its own: everything below `folder` (like `pxe/agent`), sorted, named as in the
 * checkout. In the single executable they are inside it under the same names. What people and their tools read (*.md,
 * names that begin with a dot) is not among them.
 */
export function assetNames(folder: string): string[] {
  const names = isSea() ? getAssetKeys().filter((name) => name.startsWith(`${folder}/`)) : filesBelow(folder);
  return names.sort();
}

/** The bytes of one of them. Not to be written to: in the single executable they are the executable's own. */
export function readAsset(name: string): Uint8Array {
  return isSea() ? new Uint8Array(getRawAsset(name)) : readFileSync(inCheckout(name));
}

function filesBelow(folder: string): string[] {
  return readdirSync(inCheckout(folder), { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (entry.name.startsWith(".") || entry.name.endsWith(".md")) return [];
    return entry.isDirectory() ? filesBelow(name) : [name];
  });
}

function inCheckout(name: string): string {
  return fileURLToPath(new URL(`../../${name}`, import.meta.url));
}
