import type { DevicePortOptions } from "../device-port.ts";

/** What a station can do on some platforms and not on others. */
type Capability =
  /** A running station takes what opens its vault through a socket that is its owner's alone. */
  | "unseal-socket"
  /** The process's memory is kept out of core dumps and away from debuggers. */
  | "memory-guard"
  /** Many datagrams go out, and come in, with one call. */
  | "datagram-batches"
  /** Files go from the kernel's own copy into a connection. */
  | "send-file"
  /** It can be asked how much a socket may keep that nobody has read yet. */
  | "receive-limit"
  /** A file's mode says who may read it. */
  | "file-modes"
  /** A process can look at its own descriptors, terminal and limits. */
  | "own-process";

/** Sends files from copies that the kernel keeps. Descriptors are plain numbers; null where the kernel does not take it. */
export interface FileSender {
  /** A descriptor of a copy of these bytes. */
  copy(bytes: Uint8Array): number | null;
  /** Sends from `from` on, up to `end` at the most; the offset up to which it was sent. */
  send(connection: number, copy: number, from: number, end: number): number | null;
}

/** What differs between the systems that this program runs on, and nothing else. Each has a module of its own beside this one. */
export interface Platform {
  readonly name: "Linux" | "Windows" | "macOS";
  /** What it cannot do, and what that means for an operator. All else it can. */
  readonly cannot: Readonly<Partial<Record<Capability, string>>>;
  /** Before this process holds what opens the vault. Does nothing without `memory-guard`. */
  guardMemory(): void;
  /** Opens the port by the kernel's own calls. False without `datagram-batches`: nothing was done, `node:dgram` has to do. */
  openDevicePort(options: DevicePortOptions): boolean;
  /** Null without `send-file`. */
  readonly files: FileSender | null;
  /** Bytes that a socket may ask for at most; null without `receive-limit`. */
  mostReceiveBytes(): number | null;
  /** True for a descriptor that Node opened for itself: what goes there is lost. False without `own-process`. */
  isOwnDescriptor(descriptor: number): boolean;
  /** A descriptor of this process's standard output that never waits for a reader; null without `own-process`. */
  openOwnOutput(): number | null;
  /** True if what is typed at the terminal is for this process; also without `own-process`. */
  inForeground(): boolean;
  /** Files that this process may open; infinite without `own-process`. */
  mostOpenFiles(): number;
  /** Bytes of memory that are free, or free as soon as somebody asks for them. */
  availableBytes(): number;
}

export function can(platform: Platform, capability: Capability): boolean {
  return platform.cannot[capability] === undefined;
}

/** True if the mode of a file lets others than its owner in. Where modes say nothing, folders of the user's profile keep them out. */
export function letsOthersIn(platform: Platform, mode: number, others = 0o077): boolean {
  return can(platform, "file-modes") && (mode & others) !== 0;
}
