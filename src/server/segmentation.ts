import { type Ipv4, ipv4ToBytes } from "../wire/ipv4.ts";

// include/uapi/linux/udp.h, and the socket calls' numbers as x64 and arm64 have them.
const [SOL_UDP, UDP_SEGMENT] = [17, 103];
const [AF_INET, SOCK_DGRAM, SOCK_CLOEXEC] = [2, 2, 0o2000000];

/** Datagrams that one call can hand over: UDP_MAX_SEGMENTS of the kernels before 6.9, and what fits one IPv4 packet. */
const MOST_SEGMENTS = 64;
export const LONGEST_DATAGRAM = 65507;

type Libc = ReturnType<typeof openLibrary>;

/** The calls of the C library that `node:dgram` has no words for; opened when first needed. Null where there are none. */
let library: Libc | undefined;

function libc(): Libc {
  library ??= openLibrary();
  return library;
}

function openLibrary() {
  if (process.platform !== "linux") return null;
  try {
    return process.getBuiltinModule("node:ffi").dlopen(null, {
      socket: { arguments: ["int32", "int32", "int32"], return: "int32" },
      bind: { arguments: ["int32", "buffer", "uint32"], return: "int32" },
      setsockopt: { arguments: ["int32", "int32", "int32", "buffer", "uint32"], return: "int32" },
      close: { arguments: ["int32"], return: "int32" },
    }).functions;
  } catch {
    return null;
  }
}

/** A socket whose long datagrams the kernel cuts into many. */
export interface Segmented {
  readonly fd: number;
  /** How many datagrams of that size one call may carry. */
  readonly most: number;
}

/**
 * A UDP socket bound to a free port of `address`, for `dgram.Socket.bind({ fd })`. The kernel cuts what is sent through
 * it into datagrams of `size` bytes, the last one as long as what is left (UDP_SEGMENT, since Linux 4.18): a whole window
 * then costs little more than a single block (measured: a quarter, ADR 0016). Null where the kernel or the platform has
 * no such thing, or no file descriptor is left.
 */
export function segmentedSocket(address: Ipv4, size: number): Segmented | null {
  const most = Math.min(MOST_SEGMENTS, Math.floor(LONGEST_DATAGRAM / size));
  const calls = most < 2 ? null : libc();
  if (calls === null) return null;
  const fd = calls.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd === -1) return null;
  // struct sockaddr_in: family, port 0, address, padding.
  const at = Buffer.from([...Uint8Array.from([AF_INET, 0, 0, 0]), ...ipv4ToBytes(address), ...new Uint8Array(8)]);
  if (setSegmentSize(fd, size) && calls.bind(fd, at, at.length) === 0) return { fd, most };
  calls.close(fd);
  return null;
}

/** Sends whole again from here on. */
export function stopSegmenting({ fd }: Segmented): void {
  setSegmentSize(fd, 0);
}

function setSegmentSize(fd: number, size: number): boolean {
  const value = Buffer.from(Int32Array.of(size).buffer);
  return libc()?.setsockopt(fd, SOL_UDP, UDP_SEGMENT, value, value.length) === 0;
}
