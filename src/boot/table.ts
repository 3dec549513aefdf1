import { Architecture } from "../dhcp/registry.ts";
import { type ImageId, imageName } from "./image-id.ts";
import { BootFile } from "./source.ts";

/** What kind of firmware asks, as ledger and screen spell it. */
export type Firmware =
  | "bios-x86-pxe"
  | "uefi-x86-pxe"
  | "uefi-x64-pxe"
  | "uefi-arm32-pxe"
  | "uefi-arm64-pxe"
  | "uefi-x86-http"
  | "uefi-x64-http"
  | "uefi-arm64-http";

export interface BootRow {
  readonly firmware: Firmware;
  /** How the firmware fetches its first file, which is also how it names itself in option 60. */
  readonly over: "pxe" | "http";
  /** What is booted on it, or null where there is nothing for it yet: a firmware known by name only. */
  readonly boots: { readonly image: ImageId; readonly loader: string } | null;
}

/** Microsoft-signed, so that Secure Boot stays on: it loads `grubx64.efi` from beside it. */
const X64 = { image: { kind: "linux", architecture: "x64" }, loader: "shimx64.efi" } as const;
const ARM64 = { image: { kind: "linux", architecture: "arm64" }, loader: "shimaa64.efi" } as const;
/** iPXE on the ROM's own network driver (UNDI): legacy firmware has no Secure Boot that it would have to keep. */
const BIOS = { image: { kind: "linux", architecture: "x64" }, loader: "undionly.kpxe" } as const;

/** Processor architecture (option 93) to what is booted on it. */
export const BOOT_TABLE: ReadonlyMap<number, BootRow> = new Map<number, BootRow>([
  [Architecture.biosX86, { firmware: "bios-x86-pxe", over: "pxe", boots: BIOS }],
  [Architecture.uefiX86, { firmware: "uefi-x86-pxe", over: "pxe", boots: null }],
  [Architecture.uefiX64, { firmware: "uefi-x64-pxe", over: "pxe", boots: X64 }],
  [Architecture.uefiEbc, { firmware: "uefi-x64-pxe", over: "pxe", boots: X64 }],
  [Architecture.uefiArm32, { firmware: "uefi-arm32-pxe", over: "pxe", boots: null }],
  [Architecture.uefiArm64, { firmware: "uefi-arm64-pxe", over: "pxe", boots: ARM64 }],
  [Architecture.uefiX86Http, { firmware: "uefi-x86-http", over: "http", boots: null }],
  [Architecture.uefiX64Http, { firmware: "uefi-x64-http", over: "http", boots: X64 }],
  [Architecture.uefiArm64Http, { firmware: "uefi-arm64-http", over: "http", boots: ARM64 }],
]);

/** The image that is booted on this firmware; null for a firmware that there is nothing for. */
export function imageFor(firmware: string): ImageId | null {
  for (const row of BOOT_TABLE.values()) if (row.firmware === firmware) return row.boots?.image ?? null;
  return null;
}

/** What the rows of this image load and `files` lack: each row's loader, and the kernel and initrd of them all. */
export function missingFor(image: ImageId, files: ReadonlySet<string>): readonly string[] {
  const rows = [...BOOT_TABLE.values()].flatMap(({ boots }) => boots ?? []);
  const loaders = rows.filter((row) => imageName(row.image) === imageName(image)).map(({ loader }) => loader);
  return [...new Set([...loaders, BootFile.kernel, BootFile.initrd])].filter((name) => !files.has(name));
}
