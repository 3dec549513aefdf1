import { LINUX } from "./linux.ts";
import { MACOS } from "./macos.ts";
import type { Platform } from "./platform.ts";
import { WINDOWS } from "./windows.ts";

/** The platform by Node's name for it. What is none of these three has the calls of macOS: POSIX, and nothing of Linux' own. */
export function platformOf(name: NodeJS.Platform): Platform {
  if (name === "linux") return LINUX;
  return name === "win32" ? WINDOWS : MACOS;
}

/** The one that this process runs on. */
export const PLATFORM = platformOf(process.platform);
