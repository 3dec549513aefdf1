import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import type { DhcpDatagram, DhcpPort, DhcpReply } from "../station/dhcp-datagram.ts";
import { type Ipv4, LIMITED_BROADCAST } from "../wire/ipv4.ts";
import { bind } from "./listen.ts";
import { RECEIVE_BYTES } from "./receive-buffer.ts";

interface DhcpSockets {
  close(): Promise<void>;
}

/**
 * Listens on `address`:67 and :4011 and for limited broadcasts to port 67. Replies leave from a socket bound to
 * `address`, and so by its interface even when they are broadcast: Linux routes 255.255.255.255 by the source address
 * (net/ipv4/route.c, ip_route_output_key_hash_rcu). Broadcasts are heard from every interface of the machine, because
 * Node cannot bind a socket to a device; what is answered to them still goes out on this one alone.
 */
export async function openDhcpSockets(options: {
  readonly address: Ipv4;
  readonly ports: { readonly dhcp: number; readonly bootServer: number };
  readonly answer: (datagram: DhcpDatagram) => Promise<DhcpReply | null>;
  /** Told about a reply that the network did not take: there is no way to where it should go. */
  readonly onUnsent: () => void;
  readonly onFault: (error: Error) => void;
}): Promise<DhcpSockets> {
  const { address, ports } = options;
  const sockets: Socket[] = [];

  const open = async (at: Ipv4, port: number, as: DhcpPort, replier: () => Socket): Promise<Socket> => {
    const socket = createSocket({ type: "udp4", reuseAddr: at === LIMITED_BROADCAST, recvBufferSize: RECEIVE_BYTES });
    sockets.push(socket);
    socket.on("message", (bytes: Buffer, { address: source, port: sourcePort }: RemoteInfo) => {
      const from = { address: source as Ipv4, port: sourcePort };
      options
        .answer({ bytes, port: as, from })
        .then((reply) => {
          if (reply === null) return;
          const { address: to, port: toPort } = reply.to;
          replier().send(reply.bytes, toPort, to, (error) => error && options.onUnsent());
        })
        .catch(options.onFault);
    });
    await bind(socket, at, port, as === 67 ? "DHCP" : "the PXE boot server");
    socket.on("error", options.onFault);
    return socket;
  };

  try {
    const dhcp: Socket = await open(address, ports.dhcp, 67, () => dhcp);
    const bootServer: Socket = await open(address, ports.bootServer, 4011, () => bootServer);
    await open(LIMITED_BROADCAST, ports.dhcp, 67, () => dhcp);
    dhcp.setBroadcast(true);
  } catch (error) {
    for (const socket of sockets) socket.close();
    throw error;
  }
  return {
    async close() {
      for (const socket of sockets) socket.close();
    },
  };
}
