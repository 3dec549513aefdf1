import { constants, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";

/**
 * True for a descriptor that Node opened for itself, which nobody outside reads: what goes there is lost, and stops
 * this process. Event files, and pipes with both ends in here.
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

/** Standard output opened once more: O_NONBLOCK on the descriptor itself would be that of the shell and of the reader, too (open(2)). */
export function openOwnOutput(): number | null {
  try {
    return openSync("/proc/self/fd/1", constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return null;
  }
}

/** True if what is typed at the terminal is for this process group; where that cannot be read, it is taken to be. */
export function inForeground(): boolean {
  try {
    // proc_pid_stat(5): after the name in parentheses come state, ppid, pgrp, session, tty_nr, tpgid.
    const fields = readFileSync("/proc/self/stat", "utf8").split(") ").at(-1)!.split(" ");
    return fields[2] === fields[5];
  } catch {
    return true;
  }
}

/** Node raises the soft limit to the hard one by itself. */
export function mostOpenFiles(): number {
  const found = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1];
  return found === undefined || found === "unlimited" ? Number.POSITIVE_INFINITY : Number(found);
}

/** Free, or free as soon as somebody asks for it (proc(5), MemAvailable). */
export function availableBytes(): number {
  const kilobytes = /^MemAvailable:\s+([0-9]+) kB$/m.exec(readFileSync(join("/proc", "meminfo"), "latin1"))?.[1];
  return kilobytes === undefined ? freemem() : Number(kilobytes) * 1024;
}
