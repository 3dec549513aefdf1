import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * True for a descriptor that Node opened for itself, which nobody outside reads: what goes there is lost, and stops
 * this process. Linux tells (event files; pipes with both ends in here); elsewhere the answer is false.
 */
export function isOwnDescriptor(descriptor: number): boolean {
  try {
    const target = readlinkSync(`/proc/self/fd/${descriptor}`);
    if (target.startsWith("anon_inode:")) return true;
    if (!target.startsWith("pipe:")) return false;
    return readdirSync("/proc/self/fd").some((other) => Number(other) > 2 && isReadEnd(other, target));
  } catch {
    return false;
  }
}

function isReadEnd(descriptor: string, pipe: string): boolean {
  try {
    if (readlinkSync(`/proc/self/fd/${descriptor}`) !== pipe) return false;
    // proc_pid_fdinfo(5): flags in octal; the lowest two bits are 0 for O_RDONLY.
    return /^flags:\s*[0-7]*[04]$/m.test(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8"));
  } catch {
    return false;
  }
}
