import type { ImageArchitecture } from "./image-id.ts";
import { BootFile, type BootSource, httpUrl } from "./source.ts";

/** The last console named is /dev/console; the agent itself writes to screen and serial line. */
const CONSOLES: Readonly<Record<ImageArchitecture, string>> = {
  x64: "console=ttyS0,115200 console=tty0",
  arm64: "console=ttyAMA0,115200 console=tty0",
};

/** The kernel's crypto self-tests take 0.6 s under emulation and tell nothing that opening the volume does not. */
function kernelOptions(image: ImageArchitecture): string {
  return `quiet loglevel=3 panic=60 cryptomgr.notests ${CONSOLES[image]}`;
}

const SORRY = [
  "breakglass: the recovery image did not load. Nothing was changed on this device.",
  "Look at the station: is it still running, and is the cable in? Trying the next boot entry in 15 s.",
] as const;

/**
 * The GRUB script for one device. GRUB 2.12 loads kernel and initrd over HTTP; the session's small cpio is appended to
 * the initrd, which the kernel unpacks as one more archive (Documentation/driver-api/early-userspace/buffer-format).
 */
export function grubScript(source: BootSource, image: ImageArchitecture): string {
  const { address, httpPort } = source;
  const http = httpPort === 80 ? `(http,${address})` : `(http,${address}:${httpPort})`;
  return [
    "set timeout=0",
    `echo "breakglass: loading the recovery image from ${address} ..."`,
    `linux ${http}/${BootFile.kernel} ${kernelOptions(image)}`,
    `initrd ${http}/${BootFile.initrd} ${http}/${BootFile.session}`,
    "boot",
    // Reached only if a file did not load: wait, then let the firmware go on to its next boot entry.
    ...SORRY.map((line) => `echo "${line}"`),
    "sleep 15",
    "exit",
    "",
  ].join("\n");
}

/**
 * The iPXE script for one device. iPXE puts the initrds one after another, each on a multiple of four bytes; a UEFI kernel
 * finds all of them under the name `initrd.magic`, a BIOS kernel passes that option over.
 */
export function ipxeScript(source: BootSource, image: ImageArchitecture): string {
  const fetch = (command: string, name: string) => `${command} ${httpUrl(source, name)}`;
  return [
    "#!ipxe",
    `echo breakglass: loading the recovery image from ${source.address} ...`,
    `${fetch("kernel", BootFile.kernel)} initrd=initrd.magic ${kernelOptions(image)} || goto failed`,
    `${fetch("initrd", BootFile.initrd)} || goto failed`,
    `${fetch("initrd", BootFile.session)} || goto failed`,
    "boot || goto failed",
    ":failed",
    ...SORRY.map((line) => `echo ${line}`),
    "sleep 15",
    "exit",
    "",
  ].join("\n");
}

/** What iPXE looks for beside itself before it asks a DHCP server anything: sends it to its script over HTTP. */
export function autoexecScript(source: BootSource): string {
  return ["#!ipxe", "dhcp", `chain ${httpUrl(source, BootFile.ipxeScript)}`, ""].join("\n");
}
