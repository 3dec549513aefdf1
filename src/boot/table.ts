import { Architecture } from "../dhcp/registry.ts";

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
  /** The first file this firmware is given, or null where there is none yet. */
  readonly loader: string | null;
}

/** Microsoft-signed, so that Secure Boot stays on: it loads `grubx64.efi` from beside it. */
const SHIM_X64 = "shimx64.efi";

/** Processor architecture (option 93) to what is booted on it. A row without a loader is a firmware known by name only. */
export const BOOT_TABLE: ReadonlyMap<number, BootRow> = new Map<number, BootRow>([
  [Architecture.biosX86, { firmware: "bios-x86-pxe", over: "pxe", loader: null }],
  [Architecture.uefiX86, { firmware: "uefi-x86-pxe", over: "pxe", loader: null }],
  [Architecture.uefiX64, { firmware: "uefi-x64-pxe", over: "pxe", loader: SHIM_X64 }],
  [Architecture.uefiEbc, { firmware: "uefi-x64-pxe", over: "pxe", loader: SHIM_X64 }],
  [Architecture.uefiArm32, { firmware: "uefi-arm32-pxe", over: "pxe", loader: null }],
  [Architecture.uefiArm64, { firmware: "uefi-arm64-pxe", over: "pxe", loader: null }],
  [Architecture.uefiX86Http, { firmware: "uefi-x86-http", over: "http", loader: null }],
  [Architecture.uefiX64Http, { firmware: "uefi-x64-http", over: "http", loader: null }],
  [Architecture.uefiArm64Http, { firmware: "uefi-arm64-http", over: "http", loader: null }],
]);
