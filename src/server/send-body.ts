import { closeSync, constants, openSync, writeSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { libc } from "./libc.ts";

/** Below this a copy is as cheap as what it takes to do without one. */
const LARGE = 1024 * 1024;
/** What goes through Node, to know by it when the device has taken what came before: 1 or 2 % of a file. */
const THROUGH_NODE = 4 * 1024;
/** Sent in one go before other work has its turn. */
const AT_ONCE = 4 * 1024 * 1024;
const MFD_CLOEXEC = 1;
// include/uapi/asm-generic/fcntl.h: O_TMPFILE with O_DIRECTORY, which Node has no name for.
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** The kernel's own copies of files that are served over and over; null where it keeps none. */
const copies = new WeakMap<Uint8Array, number | null>();

/**
 * Sends `bytes` as the body of `response`, whose head is written already, and ends it. Large files go straight from the
 * kernel's own copy of them into the connection (`sendfile`, ADR 0016): a third of the work. What Node writes itself in between
 * tells when the connection takes more, and keeps its idle timer from running out.
 */
export function sendBody(response: ServerResponse, bytes: Uint8Array): void {
  const copy = bytes.length < LARGE ? null : copyOf(bytes);
  if (copy === null) response.end(bytes);
  else sendFrom(copy, response, bytes, 0);
}

/** `at`: bytes from there on are still to be sent, the next few through Node. */
function sendFrom(copy: number, response: ServerResponse, bytes: Uint8Array, at: number): void {
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
    const sent = sendByKernel(descriptorOf(response), copy, through, end);
    if (sent === null) response.end(bytes.subarray(through));
    else sendFrom(copy, response, bytes, sent);
  });
}

/** Up to where it was sent, `end` at the most; null if it cannot be done so. */
function sendByKernel(connection: number, copy: number, from: number, end: number): number | null {
  const calls = libc();
  if (calls === null || connection < 0) return null;
  const offset = Buffer.from(BigInt64Array.of(BigInt(from)).buffer);
  for (let at = from; at < end; ) {
    const sent = calls.sendfile(connection, copy, offset, end - at);
    // Most often the connection is full (EAGAIN); whatever else there is Node finds out with its next bytes.
    if (sent <= 0) return at;
    at += sent;
  }
  return end;
}

/** The connection's descriptor, which Node has no public name for; -1 if there is none, or it is not a plain connection. */
function descriptorOf({ socket }: ServerResponse): number {
  const handle = (socket as { _handle?: { fd?: unknown } } | null)?._handle;
  return typeof handle?.fd === "number" && handle.fd >= 0 ? handle.fd : -1;
}

function copyOf(bytes: Uint8Array): number | null {
  const known = copies.get(bytes);
  if (known !== undefined) return known;
  const copy = storeCopy(bytes);
  copies.set(bytes, copy);
  return copy;
}

/** In a file without a name, whose pages Linux keeps in larger pieces than those of a `memfd`; without room for one, in that. */
function storeCopy(bytes: Uint8Array): number | null {
  const stores = [
    () => openSync(tmpdir(), O_TMPFILE | constants.O_RDWR, 0o600),
    () => libc()?.memfd_create(Buffer.from("breakglass\0"), MFD_CLOEXEC) ?? -1,
  ];
  for (const open of process.platform === "linux" ? stores : []) {
    let copy = -1;
    try {
      copy = open();
      if (copy === -1) continue;
      for (let at = 0; at < bytes.length; ) at += writeSync(copy, bytes, at);
      return copy;
    } catch {
      if (copy !== -1) closeSync(copy);
    }
  }
  return null;
}
