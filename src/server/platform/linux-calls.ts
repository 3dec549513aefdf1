/**
 * The calls of the C library that `node:dgram` has no words for, by `node:ffi` (ADR 0016). Sizes fit 32 bits, which the
 * calling conventions of x64 and arm64 pass in the same registers as size_t, the upper half zero.
 */
export type Libc = NonNullable<ReturnType<typeof open>>;

let library: Libc | null | undefined;

/** Null where there is no such library: then everything goes through `node:dgram`. Opened when first asked for. */
export function libc(): Libc | null {
  if (library === undefined) library = open();
  return library;
}

function open() {
  try {
    const ffi = process.getBuiltinModule("node:ffi");
    const { functions } = ffi.dlopen(null, {
      socket: { arguments: ["int32", "int32", "int32"], return: "int32" },
      bind: { arguments: ["int32", "buffer", "uint32"], return: "int32" },
      connect: { arguments: ["int32", "buffer", "uint32"], return: "int32" },
      setsockopt: { arguments: ["int32", "int32", "int32", "buffer", "uint32"], return: "int32" },
      // Node calls functions of three arguments far faster than those of four, and fastest with a known address.
      write: { arguments: ["int32", "pointer", "uint32"], return: "int32" },
      read: { arguments: ["int32", "pointer", "uint32"], return: "int32" },
      epoll_create1: { arguments: ["int32"], return: "int32" },
      epoll_ctl: { arguments: ["int32", "int32", "int32", "buffer"], return: "int32" },
      epoll_wait: { arguments: ["int32", "buffer", "int32", "int32"], return: "int32" },
      memfd_create: { arguments: ["buffer", "uint32"], return: "int32" },
      sendfile: { arguments: ["int32", "int32", "buffer", "uint32"], return: "int32" },
      close: { arguments: ["int32"], return: "int32" },
      __errno_location: { arguments: [], return: "pointer" },
    });
    const errnoAt = functions.__errno_location();
    return {
      ...functions,
      /** Where a buffer's bytes are; as long as it is kept, and not one of Node's pool. */
      addressOf: (buffer: Buffer) => ffi.getRawPointer(buffer),
      /** Why the call just made gave -1. */
      errno: (): number => ffi.getInt32(errnoAt),
    };
  } catch {
    return null;
  }
}

// include/uapi/linux/prctl.h and asm-generic/resource.h.
const [PR_SET_DUMPABLE, RLIMIT_CORE] = [4, 4];

/** No core dump, no debugger and no /proc/PID/mem for other processes of this user. */
export function guardMemory(): void {
  try {
    const { functions } = process.getBuiltinModule("node:ffi").dlopen(null, {
      prctl: { arguments: ["int32", "uint64", "uint64", "uint64", "uint64"], return: "int32" },
      setrlimit: { arguments: ["int32", "buffer"], return: "int32" },
    });
    // struct rlimit: soft and hard limit, 64 bits each. The kernel looks at `dumpable` first, and it alone stops dumps
    // that are piped to a program (systemd-coredump), which ignore the limit of the size.
    functions.prctl(PR_SET_DUMPABLE, 0n, 0n, 0n, 0n);
    functions.setrlimit(RLIMIT_CORE, Buffer.alloc(16));
  } catch {}
}
