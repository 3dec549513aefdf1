import type { Ipv4 } from "../wire/ipv4.ts";

/** Where boot files are to be had. */
export interface BootSource {
  readonly address: Ipv4;
  readonly httpPort: number;
}

/**
 * Names under which boot files are served, beside the loaders of the boot table. GRUB looks for its script under its
 * compiled-in prefix `/grub`; iPXE for `autoexec.ipxe` beside itself; an operator's own iPXE keeps its project's names.
 */
export const BootFile = {
  grubScript: "grub/grub.cfg",
  ipxeScript: "boot.ipxe",
  kernel: "vmlinuz",
  initrd: "initrd",
  session: "session.cpio",
  ipxe: "snponly.efi",
  ownShim: "ipxe-shimx64.efi",
  ownIpxe: "ipxe.efi",
  autoexec: "autoexec.ipxe",
} as const;

export function httpUrl({ address, httpPort }: BootSource, name: string): string {
  return `http://${address}${httpPort === 80 ? "" : `:${httpPort}`}/${name}`;
}
