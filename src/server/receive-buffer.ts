import { readFileSync } from "node:fs";

/** Questions come in bursts when a site loses its machines; Linux' default buffer loses a quarter of such a burst (measured). */
export const RECEIVE_BYTES = 4 * 1024 * 1024;

/** Where Linux says how much a socket may ask for at most: 208 KiB by default before Linux 6.17, and no error beyond that. */
const MOST = "/proc/sys/net/core/rmem_max";

/** What an operator should know where sockets get less than they ask for; null where they get all of it, or nobody can tell. */
export function shortOfBuffer(read: (file: string) => string = (file) => readFileSync(file, "latin1")): string | null {
  let most: number;
  try {
    most = Number(read(MOST));
  } catch {
    return null;
  }
  if (!(most < RECEIVE_BYTES)) return null;
  return `this machine keeps ${Math.floor(most / 1024)} KiB for what a socket has not read yet. For more than some hundred devices that ask at once: sysctl -w net.core.rmem_max=${RECEIVE_BYTES}, and start the station again`;
}
