import type { ServerResponse } from "node:http";
import type { FileSender } from "./platform/platform.ts";
import { PLATFORM } from "./platform/this-platform.ts";

/** Below this a copy is as cheap as what it takes to do without one. */
const LARGE = 1024 * 1024;
/** What goes through Node, to know by it when the device has taken what came before: 1 or 2 % of a file. */
const THROUGH_NODE = 4 * 1024;
/** Sent in one go before other work has its turn. */
const AT_ONCE = 4 * 1024 * 1024;

/** The kernel's own copies of files that are served over and over; null where it keeps none. */
const copies = new WeakMap<Uint8Array, number | null>();

/**
 * Sends `bytes` as the body of `response`, whose head is written already, and ends it. Large files go straight from the
 * kernel's own copy of them into the connection (`sendfile`, ADR 0016): a third of the work. What Node writes itself in between
 * tells when the connection takes more, and keeps its idle timer from running out.
 */
export function sendBody(response: ServerResponse, bytes: Uint8Array, platform = PLATFORM): void {
  const { files } = platform;
  const copy = files === null || bytes.length < LARGE ? null : copyOf(files, bytes);
  if (files === null || copy === null) response.end(bytes);
  else sendFrom(files, copy, response, bytes, 0);
}

/** `at`: bytes from there on are still to be sent, the next few through Node. */
function sendFrom(files: FileSender, copy: number, response: ServerResponse, bytes: Uint8Array, at: number): void {
  const through = Math.min(at + THROUGH_NODE, bytes.length);
  if (through === bytes.length) {
    response.end(bytes.subarray(at));
    return;
  }
  // The first goes with the head; from then on the connection itself will do.
  const way = at === 0 ? response : response.socket;
  way?.write(bytes.subarray(at, through), (error) => {
    // A device that hung up: the response is closed, and whoever waits for it is told by that.
    if (error || response.destroyed) return;
    const end = Math.min(through + AT_ONCE, bytes.length - 1);
    const sent = files.send(descriptorOf(response), copy, through, end);
    if (sent === null) response.end(bytes.subarray(through));
    else sendFrom(files, copy, response, bytes, sent);
  });
}

/** The connection's descriptor, which Node has no public name for; -1 if there is none, or it is not a plain connection. */
function descriptorOf({ socket }: ServerResponse): number {
  const handle = (socket as { _handle?: { fd?: unknown } } | null)?._handle;
  return typeof handle?.fd === "number" && handle.fd >= 0 ? handle.fd : -1;
}

function copyOf(files: FileSender, bytes: Uint8Array): number | null {
  const known = copies.get(bytes);
  if (known !== undefined) return known;
  const copy = files.copy(bytes);
  copies.set(bytes, copy);
  return copy;
}
