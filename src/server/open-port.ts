import type { DevicePortOptions } from "./device-port.ts";
import { DgramPort } from "./dgram-port.ts";
import { PLATFORM } from "./platform/this-platform.ts";

/**
 * Opens a port of its own, connected to the device's: the kernel then drops what others send, looks up the route once, and
 * reports a closed port (ICMP). By the kernel's own calls where they can be had, else by `node:dgram`.
 */
export function openDevicePort(options: DevicePortOptions, platform = PLATFORM): void {
  if (!platform.openDevicePort(options)) new DgramPort(options);
}
