import { closeSync, constants, openSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { libc } from "./linux-calls.ts";
import type { FileSender } from "./platform.ts";

const MFD_CLOEXEC = 1;
// include/uapi/asm-generic/fcntl.h: O_TMPFILE with O_DIRECTORY, which Node has no name for.
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** `sendfile` (ADR 0016) from a file without a name, whose pages Linux keeps in larger pieces than those of a `memfd`; without room for one, from that. */
export const LINUX_FILES: FileSender = {
  copy(bytes) {
    const stores = [
      () => openSync(tmpdir(), O_TMPFILE | constants.O_RDWR, 0o600),
      () => libc()?.memfd_create(Buffer.from("breakglass\0"), MFD_CLOEXEC) ?? -1,
    ];
    for (const open of stores) {
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
  },

  send(connection, copy, from, end) {
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
  },
};
