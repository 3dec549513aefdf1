import type { Ipv4 } from "../wire/ipv4.ts";

/** Where the recovery image is to be had. */
export interface ImageSource {
  readonly address: Ipv4;
  readonly httpPort: number;
}

/** Names under which the boot files are served. GRUB looks for its script under its compiled-in prefix `/grub`. */
export const BootFile = {
  script: "grub/grub.cfg",
  kernel: "vmlinuz",
  initrd: "initrd",
  session: "session.cpio",
} as const;

/**
 * The GRUB script for one device. GRUB 2.12 loads kernel and initrd over HTTP; the session's small cpio is appended to
 * the initrd, which the kernel unpacks as one more archive (Documentation/driver-api/early-userspace/buffer-format).
 * The last console named is /dev/console: the agent itself writes to both. The kernel's crypto self-tests take 0.6 s
 * under emulation and tell nothing that opening the volume does not.
 */
export function grubScript({ address, httpPort }: ImageSource): string {
  const http = httpPort === 80 ? `(http,${address})` : `(http,${address}:${httpPort})`;
  return [
    "set timeout=0",
    `echo "breakglass: loading the recovery image from ${address} ..."`,
    `linux ${http}/${BootFile.kernel} quiet loglevel=3 panic=60 cryptomgr.notests console=ttyS0,115200 console=tty0`,
    `initrd ${http}/${BootFile.initrd} ${http}/${BootFile.session}`,
    "boot",
    // Reached only if a file did not load: wait, then let the firmware go on to its next boot entry.
    'echo "breakglass: the recovery image did not load. Nothing was changed on this device."',
    'echo "Look at the station: is it still running, and is the cable in? Trying the next boot entry in 15 s."',
    "sleep 15",
    "exit",
    "",
  ].join("\n");
}
