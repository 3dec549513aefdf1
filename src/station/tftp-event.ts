import type { Refusal } from "../tftp/request.ts";
import type { Ending } from "../tftp/transfer.ts";
import type { Ipv4 } from "../wire/ipv4.ts";

/** Where a datagram came from. */
export interface Peer {
  readonly address: Ipv4;
  readonly port: number;
}

/** The protocol's endings, and those that the network or the station brings about. */
export type SocketEnding =
  | Ending
  | {
      readonly kind: "aborted";
      readonly reason: "port-closed" | "asked-anew" | "crowded-out" | "station-stopped";
      readonly message: string;
    }
  | { readonly kind: "failed"; readonly reason: "socket-error"; readonly message: string };

/** What became of one datagram or transfer. */
export type TftpEvent =
  | { readonly kind: "started"; readonly name: string; readonly from: Peer; readonly fileBytes: number }
  | {
      readonly kind: SocketEnding["kind"];
      readonly name: string;
      readonly from: Peer;
      /** Handed to the network, headers and repetitions included. */
      readonly bytes: number;
      readonly milliseconds: number;
      /** Empty where it finished. */
      readonly reason: string;
      readonly message: string;
    }
  | { readonly kind: "refused"; readonly name: string; readonly from: Peer; readonly reason: Refusal | "busy" }
  | { readonly kind: "malformed"; readonly from: Peer; readonly reason: string };
