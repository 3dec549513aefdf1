import type { Peer } from "../station/tftp-event.ts";
import type { Ipv4 } from "../wire/ipv4.ts";

/** A UDP port of the station's own that talks with one port of one device. */
export interface DevicePort {
  /** How many datagrams of the size agreed on one `send` may carry; the network gets them one by one. */
  readonly most: number;
  /**
   * Sends the first `length` bytes of `bytes`, which may be overwritten afterwards. False if nothing was sent because this
   * network does not take so many at once: `most` is 1 from here on.
   */
  send(bytes: Uint8Array, length: number): boolean;
  close(): void;
}

export interface DevicePortOptions {
  /** The address the question came in on: answers must leave from it. */
  readonly address: Ipv4;
  readonly to: Peer;
  /** Length of the datagrams that a longer `send` is cut into; null if each is sent by itself. */
  readonly cutAt: number | null;
  readonly onOpen: (port: DevicePort) => void;
  /** The bytes are the port's own again afterwards. `now`: when they were taken in, milliseconds of `performance.now()`. */
  readonly onMessage: (bytes: Uint8Array, now: number) => void;
  /** A code such as ECONNREFUSED: nothing listens at the device's port (ICMP). May come before `onOpen`, and ends it. */
  readonly onError: (code: string, message: string) => void;
}
