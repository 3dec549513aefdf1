import type { DevicePortOptions } from "./device-port.ts";
import { DgramPort } from "./dgram-port.ts";
import { openKernelPort } from "./kernel-port.ts";

/**
 * Opens a port of its own, connected to the device's: the kernel then drops what others send, looks up the route once, and
 * reports a closed port (ICMP). By the kernel's own calls where they can be had, else by `node:dgram`.
 */
export function openDevicePort(options: DevicePortOptions): void {
  if (!openKernelPort(options)) new DgramPort(options);
}
