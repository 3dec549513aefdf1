import { readFileSync } from "node:fs";
import { guardMemory } from "./linux-calls.ts";
import { LINUX_FILES } from "./linux-files.ts";
import { openKernelPort } from "./linux-port.ts";
import { availableBytes, inForeground, isOwnDescriptor, mostOpenFiles, openOwnOutput } from "./linux-process.ts";
import type { Platform } from "./platform.ts";

/** How much a socket may ask for at most: 208 KiB by default before Linux 6.17. Who asks for more gets that, and no error. */
const MOST_RECEIVE_BYTES = "/proc/sys/net/core/rmem_max";

export const LINUX: Platform = {
  name: "Linux",
  cannot: {},
  guardMemory,
  openDevicePort: openKernelPort,
  files: LINUX_FILES,
  mostReceiveBytes: () => readLimit(() => readFileSync(MOST_RECEIVE_BYTES, "latin1")),
  isOwnDescriptor,
  openOwnOutput,
  inForeground,
  mostOpenFiles,
  availableBytes,
};

/** The number in a file of /proc; null where there is no such file, or no number in it. */
export function readLimit(read: () => string): number | null {
  try {
    const text = read().trim();
    return /^[0-9]+$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  }
}
