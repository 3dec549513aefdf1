import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/**
 * What an operator brings for `serve --ipxe`, as far as it can be had here: the recovery image's own iPXE under the names
 * of upstream's signed one. Upstream's `ipxe-shimx64.efi` (signed by Microsoft) starts `ipxe.efi` beside it; without its
 * signature both are the same unsigned iPXE, and Secure Boot has to be off.
 */
export function ownIpxe(images: readonly string[], folder: string): string {
  mkdirSync(folder);
  for (const name of ["ipxe-shimx64.efi", "ipxe.efi"])
    copyFileSync(join(images[0]!, "snponly.efi"), join(folder, name));
  return folder;
}
