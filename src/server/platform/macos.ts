import { freemem } from "node:os";
import type { Platform } from "./platform.ts";

export const MACOS: Platform = {
  name: "macOS",
  cannot: {
    "memory-guard": "Another process of this user can look into the station's memory. Start it with: ulimit -c 0",
    "datagram-batches": "TFTP sends and takes one datagram at a time, which takes more processor time.",
    "send-file": "Boot files are copied for each device, which takes more processor time.",
    "receive-limit": "It cannot be told how many devices may ask at once.",
    "own-process": "Open files and descriptors are not checked before the start.",
  },
  guardMemory: () => {},
  openDevicePort: () => false,
  files: null,
  mostReceiveBytes: () => null,
  isOwnDescriptor: () => false,
  openOwnOutput: () => null,
  inForeground: () => true,
  mostOpenFiles: () => Number.POSITIVE_INFINITY,
  availableBytes: () => freemem(),
};
