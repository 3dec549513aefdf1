import { readFileSync } from "node:fs";
import { type Notice, notice } from "../station/notice.ts";

/** Questions come in bursts when a site loses its machines; Linux' default buffer loses a quarter of such a burst (measured). */
export const RECEIVE_BYTES = 4 * 1024 * 1024;

/** Where Linux says how much a socket may ask for at most: 208 KiB by default before Linux 6.17, and no error beyond that. */
const MOST = "/proc/sys/net/core/rmem_max";

/** What an operator should know where sockets get less than they ask for; null where they get all of it, or nobody can tell. */
export function shortOfBuffer(read: (file: string) => string = (file) => readFileSync(file, "latin1")): Notice | null {
  let most: number;
  try {
    most = Number(read(MOST));
  } catch {
    return null;
  }
  if (!(most < RECEIVE_BYTES)) return null;
  return notice("small-receive-buffer", "machine", { keeps: most, wanted: RECEIVE_BYTES });
}
