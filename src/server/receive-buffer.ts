import { type Notice, notice } from "../station/notice.ts";
import type { Platform } from "./platform/platform.ts";
import { PLATFORM } from "./platform/this-platform.ts";

/** Questions come in bursts when a site loses its machines; Linux' default buffer loses a quarter of such a burst (measured). */
export const RECEIVE_BYTES = 4 * 1024 * 1024;

/** What an operator should know where sockets get less than they ask for; null where they get all of it, or nobody can tell. */
export function shortOfBuffer(platform: Pick<Platform, "mostReceiveBytes"> = PLATFORM): Notice | null {
  const most = platform.mostReceiveBytes();
  if (most === null || most >= RECEIVE_BYTES) return null;
  return notice("small-receive-buffer", "machine", { keeps: most, wanted: RECEIVE_BYTES });
}
