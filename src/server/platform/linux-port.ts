import { createSocket, type Socket } from "node:dgram";
import { constants } from "node:os";
import { getSystemErrorName } from "node:util";
import type { Peer } from "../../station/tftp-event.ts";
import { ipv4ToBytes } from "../../wire/ipv4.ts";
import type { DevicePort, DevicePortOptions } from "../device-port.ts";
import { type Libc, libc } from "./linux-calls.ts";

// include/uapi/linux/udp.h, bits/socket.h and sys/epoll.h, as x64 and arm64 have them.
const [SOL_UDP, UDP_SEGMENT] = [17, 103];
// include/uapi/linux/in.h
const [IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT] = [0, 10, 0];
const [AF_INET, SOCK_DGRAM, SOCK_CLOEXEC, SOCK_NONBLOCK] = [2, 2, 0o2000000, 0o4000];
const [EPOLL_CTL_ADD, EPOLLIN] = [1, 1];
const { EAGAIN, ECONNREFUSED, EINVAL, EIO, EMSGSIZE } = constants.errno;

/** struct epoll_event: 32 bits of events, 64 of data; packed on x64 alone. */
const [EVENT_BYTES, DATA_AT] = process.arch === "x64" ? [12, 4] : [16, 8];

/** Datagrams that one call can hand over: UDP_MAX_SEGMENTS of the kernels before 6.9, and what fits one IPv4 packet. */
const MOST_SEGMENTS = 64;
const LONGEST_DATAGRAM = 65507;

/** Where to put what is sent: from here the kernel takes it without another copy. */
export const OUTGOING = Buffer.allocUnsafeSlow(LONGEST_DATAGRAM);

/** What a kernel says that cannot cut for this interface, or block size. */
const CANNOT_CUT: ReadonlySet<number> = new Set([EINVAL, EIO, EMSGSIZE]);

/** Datagrams taken in one after another before the rest of the station has its turn: about four milliseconds. */
export const AT_ONCE = 1024;

/** Bytes of all ports that may wait for room in the kernel. Who acknowledges what he never got asks for more than any line carries. */
const MOST_WAITING = 64 * 1024 * 1024;
const EVENTS = 256;

/** Null where the platform has no such calls. */
let pool: Pool | null | undefined;

/**
 * Opens the port by the kernel's own calls. False if it cannot, and nothing was done: no such platform or kernel. Node waits for
 * the first datagram; what has come to any of these ports by then is taken in one go, without a turn of Node's event loop for
 * each: that turn costs more than the kernel's whole part of a datagram (ADR 0016).
 */
export function openKernelPort(options: DevicePortOptions): boolean {
  if (pool === undefined) {
    const calls = libc();
    const queue = calls?.epoll_create1(SOCK_CLOEXEC) ?? -1;
    if (calls === null) pool = null;
    // Else this machine has no descriptor left at present.
    else if (queue !== -1) pool = new Pool(calls, queue);
  }
  return pool?.open(options) ?? false;
}

class Pool {
  readonly #calls: Libc;
  readonly #queue: number;
  readonly #ports = new Map<number, KernelPort>();
  readonly #events = Buffer.alloc(EVENTS * EVENT_BYTES);
  readonly #outgoingAt: bigint;
  readonly #incoming = Buffer.allocUnsafeSlow(2048);
  readonly #incomingAt: bigint;
  /** An ACK has four bytes, as nearly all that comes in has. */
  readonly #four = this.#incoming.subarray(0, 4);
  #draining = false;
  /** How many more datagrams may be taken in before the event loop goes round. */
  #left = AT_ONCE;
  #waiting = 0;

  constructor(calls: Libc, queue: number) {
    this.#calls = calls;
    this.#queue = queue;
    this.#outgoingAt = calls.addressOf(OUTGOING);
    this.#incomingAt = calls.addressOf(this.#incoming);
  }

  open(options: DevicePortOptions): boolean {
    const { address, to, cutAt } = options;
    const fd = this.#calls.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd === -1) {
      this.#refuse(options, "socket");
      return true;
    }
    letRoutersFragment(this.#calls, fd);
    const most = cutAt === null ? 1 : Math.min(MOST_SEGMENTS, Math.floor(LONGEST_DATAGRAM / cutAt));
    const cuts = most > 1 && setSegmentSize(this.#calls, fd, cutAt!);
    const own = sockaddr({ address, port: 0 });
    if (this.#calls.bind(fd, own, own.length) !== 0) {
      this.#refuse(options, "bind");
      this.#calls.close(fd);
      return true;
    }
    // Before it is connected: of what is connected already libuv takes no datagram that has to wait (EISCONN).
    const port = new KernelPort(fd, cuts ? most : 1, options, this);
    const event = Buffer.alloc(EVENT_BYTES);
    event.writeUInt32LE(EPOLLIN, 0);
    event.writeInt32LE(fd, DATA_AT);
    const failed =
      // A forged source that there is no route to is told here, and nowhere else.
      (this.#calls.connect(fd, sockaddr(to), own.length) !== 0 && "connect") ||
      (this.#calls.epoll_ctl(this.#queue, EPOLL_CTL_ADD, fd, event) !== 0 && "epoll_ctl");
    if (failed !== false) {
      this.#refuse(options, failed);
      port.close();
      return true;
    }
    this.#ports.set(fd, port);
    options.onOpen(port);
    return true;
  }

  /** `first`: the datagram that Node has read already. */
  take(port: KernelPort, first: Uint8Array): void {
    port.options.onMessage(first, performance.now());
    if (this.#draining || this.#left <= 0 || this.#ports.size < 2) return;
    this.#draining = true;
    try {
      this.#drain();
    } finally {
      this.#draining = false;
      // Whoever sends faster than we read would else keep us here, one port after another.
      if (this.#left <= 0)
        setImmediate(() => {
          this.#left = AT_ONCE;
        });
    }
  }

  /** Where most ports have something, as of devices that take one block at a time, asking each costs less than asking which. */
  #drain(): void {
    while (this.#left > 0) {
      const ready = this.#calls.epoll_wait(this.#queue, this.#events, EVENTS, 0);
      if (ready <= 0) return;
      let now = performance.now();
      for (let at = 0; at < ready; at++) {
        const port = this.#ports.get(this.#events.readInt32LE(at * EVENT_BYTES + DATA_AT));
        if (port !== undefined) this.#receive(port, now);
      }
      this.#left -= ready;
      for (let had = ready; this.#left > 0 && 2 * had > this.#ports.size; this.#left -= had) {
        had = 0;
        now = performance.now();
        for (const port of this.#ports.values()) if (this.#receive(port, now)) had += 1;
      }
    }
  }

  send(port: KernelPort, bytes: Uint8Array, length: number): boolean {
    if (port.waiting > 0) {
      this.#sendLater(port, bytes, length);
      return true;
    }
    if (bytes !== OUTGOING) OUTGOING.set(bytes);
    if (this.#calls.write(port.fd, this.#outgoingAt, length) >= 0) return true;
    const errno = this.#calls.errno();
    if (errno === EAGAIN) this.#sendLater(port, bytes, length);
    else if (errno === ECONNREFUSED) port.fail(errno);
    else if (port.most > 1 && CANNOT_CUT.has(errno)) {
      setSegmentSize(this.#calls, port.fd, 0);
      port.most = 1;
      // Before Linux 6.14 what needs no cutting is refused with the rest.
      return length <= port.options.cutAt! && this.send(port, bytes, length);
    }
    // Else no room in the interface's queue, a firewall, a cable that was pulled: a lost datagram, made good like any other.
    return true;
  }

  /** More than may wait is lost, and made good like any other lost datagram. */
  #sendLater(port: KernelPort, bytes: Uint8Array, length: number): void {
    if (this.#waiting + length > MOST_WAITING) return;
    this.#waiting += length;
    port.sendLater(Buffer.from(bytes.subarray(0, length)), () => {
      this.#waiting -= length;
    });
  }

  forget(port: KernelPort): void {
    this.#ports.delete(port.fd);
  }

  /** Takes in what the port still holds, of a device that floods it no more than others may send at once. */
  takeRest(port: KernelPort): void {
    const now = performance.now();
    for (let taken = 0; taken < AT_ONCE && this.#ports.has(port.fd); taken++)
      if (!this.#receive(port, now) && this.#calls.errno() === EAGAIN) return;
  }

  #receive(port: KernelPort, now: number): boolean {
    const length = this.#calls.read(port.fd, this.#incomingAt, this.#incoming.length);
    if (length === 4) port.options.onMessage(this.#four, now);
    else if (length >= 0) port.options.onMessage(this.#incoming.subarray(0, length), now);
    else {
      if (this.#calls.errno() === ECONNREFUSED) port.fail(ECONNREFUSED);
      return false;
    }
    return true;
  }

  #refuse({ onError }: DevicePortOptions, call: string): void {
    const code = getSystemErrorName(-this.#calls.errno());
    onError(code, `${call} ${code}`);
  }
}

class KernelPort implements DevicePort {
  readonly fd: number;
  readonly options: DevicePortOptions;
  most: number;
  /** Datagrams that wait for room: what comes after them waits, too. */
  waiting = 0;
  readonly #pool: Pool;
  readonly #socket: Socket;
  #closed = false;
  /** Its error is told once, when all that came before it is read. */
  #failed = false;

  constructor(fd: number, most: number, options: DevicePortOptions, own: Pool) {
    this.fd = fd;
    this.most = most;
    this.options = options;
    this.#pool = own;
    this.#socket = createSocket({ type: "udp4", lookup: (name, _, done) => done(null, name, 4) });
    this.#socket.on("message", (bytes) => own.take(this, bytes));
    this.#socket.on("error", ({ code, syscall }: NodeJS.ErrnoException) => {
      // A router's word that a datagram was too large (ICMP): a lost one.
      if (code === "EMSGSIZE") return;
      if (code === "ECONNREFUSED" || syscall !== "send") this.fail(code === "ECONNREFUSED" ? ECONNREFUSED : EIO);
    });
    this.#socket.bind({ fd });
  }

  send(bytes: Uint8Array, length: number): boolean {
    if (this.#closed) return true;
    return this.#pool.send(this, bytes, length);
  }

  /** Node's socket waits until the kernel has room. `over`: sent, failed, or the port was closed. */
  sendLater(bytes: Uint8Array, over: () => void): void {
    const { port, address } = this.options.to;
    this.waiting += 1;
    this.#socket.send(bytes, port, address, () => {
      this.waiting -= 1;
      over();
    });
  }

  /** The kernel tells of a closed port before it gives out what came before that: the ACK of the whole file, as a rule. */
  fail(errno: number): void {
    if (this.#closed || this.#failed) return;
    this.#failed = true;
    setImmediate(() => {
      if (!this.#closed) this.#pool.takeRest(this);
      if (this.#closed) return;
      const code = getSystemErrorName(-errno);
      this.options.onError(code, code);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pool.forget(this);
    this.#socket.close();
  }
}

/** struct sockaddr_in: family in the machine's own order, port in the network's, address, padding. */
function sockaddr({ address, port }: Peer): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(ipv4ToBytes(address), 4);
  return bytes;
}

/**
 * Block sizes are agreed on once, before anyone knows the way's MTU, and a block that a router may not fragment would be
 * lost each time. Firmware puts fragments together again: EDK2, iPXE, GRUB; ConfigMgr's blocks of 4 to 16 KiB rely on it.
 */
function letRoutersFragment(calls: Libc, fd: number): void {
  const value = Buffer.from(Int32Array.of(IP_PMTUDISC_DONT).buffer);
  calls.setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, value, value.length);
}

/** UDP_SEGMENT, since Linux 4.18: the kernel cuts what is sent into datagrams of `size` bytes, the last one as long as what is left. */
function setSegmentSize(calls: Libc, fd: number, size: number): boolean {
  const value = Buffer.from(Int32Array.of(size).buffer);
  return calls.setsockopt(fd, SOL_UDP, UDP_SEGMENT, value, value.length) === 0;
}
