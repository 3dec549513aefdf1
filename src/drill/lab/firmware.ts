import { copyFileSync, existsSync } from "node:fs";
import { ExitCode, OperatorError } from "../../wire/operator-error.ts";

/** UEFI firmware with Secure Boot: code that nobody writes, and the variable store with Microsoft's keys to copy. */
export interface Firmware {
  readonly code: string;
  readonly variables: string;
}

// Debian 12 and 13 and Ubuntu 22.04 and 24.04 (package ovmf); the 2 MB builds are what older ones had.
const PLACES: readonly Firmware[] = [
  { code: "/usr/share/OVMF/OVMF_CODE_4M.ms.fd", variables: "/usr/share/OVMF/OVMF_VARS_4M.ms.fd" },
  { code: "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", variables: "/usr/share/OVMF/OVMF_VARS_4M.ms.fd" },
  { code: "/usr/share/OVMF/OVMF_CODE.ms.fd", variables: "/usr/share/OVMF/OVMF_VARS.ms.fd" },
  { code: "/usr/share/OVMF/OVMF_CODE.secboot.fd", variables: "/usr/share/OVMF/OVMF_VARS.ms.fd" },
];

export function findFirmware(): Firmware {
  const found = PLACES.find(({ code, variables }) => existsSync(code) && existsSync(variables));
  if (found !== undefined) return found;
  throw new OperatorError(
    "This machine has no UEFI firmware with Secure Boot for the lab's devices (looked in /usr/share/OVMF).",
    "Install the package ovmf.",
    ExitCode.environment,
  );
}

/** A device's own variable store, as new from the factory: Secure Boot on, Microsoft's keys, nothing else. */
export function freshVariables(firmware: Firmware, path: string): string {
  copyFileSync(firmware.variables, path);
  return path;
}
