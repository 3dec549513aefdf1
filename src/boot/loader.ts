import type { BootClient } from "./client.ts";
import { BootFile, type BootSource, httpUrl } from "./source.ts";

/**
 * What UEFI x64 devices are given first: Debian's shim, which loads GRUB and keeps Secure Boot on; Debian's iPXE, which is
 * not signed and so needs Secure Boot off; or an iPXE that the operator brought, with its own shim.
 */
export type UefiLoader = "shim" | "ipxe" | "own-ipxe";

/**
 * What a client is told to fetch (option 67): a name for TFTP, or a URL for HTTP Boot (UEFI section 24.7.3.1) and for
 * iPXE, which gets its script and not once more itself.
 */
export function bootFile(client: BootClient, source: BootSource, uefiLoader: UefiLoader): string {
  if (client.program === "ipxe") return httpUrl(source, BootFile.ipxeScript);
  const loader = firstLoader(client, uefiLoader);
  return client.over === "http" ? httpUrl(source, loader) : loader;
}

function firstLoader({ firmware, loader }: BootClient, uefiLoader: UefiLoader): string {
  if (uefiLoader === "shim" || !firmware.startsWith("uefi-x64")) return loader;
  return uefiLoader === "ipxe" ? BootFile.ipxe : BootFile.ownShim;
}
