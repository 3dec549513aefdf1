import { readFileSync } from "node:fs";

/**
 * The flags that give `unshare` a mount namespace of its own. It makes all mounts private first, starting at `/`; in a
 * chroot whose root is a plain folder there is no mount at `/` to begin with, and it fails (EINVAL). There the mounts
 * stay as the machine outside has them.
 */
export function ownMounts(): readonly string[] {
  const mountPoints = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4]);
  return mountPoints.includes("/") ? ["--mount"] : ["--mount", "--propagation", "unchanged"];
}
