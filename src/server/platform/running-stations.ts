import { readFileSync } from "node:fs";

/**
 * The state folders of the stations that run on this machine, whoever started them. Linux lists every socket that
 * listens in its network namespace by its path, to all users; elsewhere the answer is empty.
 */
export function runningStations(list = "/proc/net/unix"): readonly string[] {
  let text: string;
  try {
    text = readFileSync(list, "utf8");
  } catch {
    return [];
  }
  // proc_net(5): the fourth field has the flag __SO_ACCEPTCON on a socket that listens.
  const found = text.matchAll(/^\S+ \S+ \S+ 00010000 \S+ \S+ +\d+ (\/.*)\/unseal\.socket$/gm);
  return [...new Set([...found].map(([, folder]) => folder!))].sort();
}
