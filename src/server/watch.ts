import { randomBytes } from "node:crypto";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { boots, isFrom, leases, question, replyOfAnother } from "../boot/other-server.ts";
import { encodePacket } from "../dhcp/packet.ts";
import { Port } from "../dhcp/registry.ts";
import type { Desk } from "../station/desk.ts";
import { type Notice, notice } from "../station/notice.ts";
import type { ServedInterface } from "../station/served-interface.ts";
import { otherBootServerEntry } from "../station/station-entries.ts";
import { type Ipv4, LIMITED_BROADCAST } from "../wire/ipv4.ts";
import { bind } from "./listen.ts";

/** How often the station asks its LANs who else is there: it costs a server on them one reserved address. */
const ASK_MS = 60_000;

/** Servers noted; an attacker can make up as many as he has packets. */
const NOTICED_LIMIT = 32;

const WHAT = "the watch for other DHCP servers";

/** The station's ears for the answers of other DHCP servers. */
interface Listening {
  /** Asks on this interface now, in a boot client's words and in anyone's. */
  ask(served: ServedInterface): void;
  close(): Promise<void>;
}

/** A server other than the station. */
interface OtherServer {
  readonly server: Ipv4;
  /** On whose LANs it is for certain; a broadcast alone does not tell on which interface it came in. */
  readonly on: readonly ServedInterface[];
  /** Where the packet came from. */
  readonly from: string;
  readonly leases: boolean;
  readonly boots: boolean;
}

/**
 * Hears what DHCP servers answer to the station's questions, and what they broadcast to devices. `onServer` is called
 * for every such packet. No lease is taken. Throws OperatorError if port 68 cannot be had.
 */
export async function listenForServers(
  all: readonly ServedInterface[],
  onServer: (other: OtherServer) => void,
  onReply: (bytes: Uint8Array, from: Ipv4) => void = () => {},
): Promise<Listening> {
  const ours = new Set(all.map(({ address }) => address));
  const lans = all.map((served) => ({ served, socket: socket(), asking: { ...served, xids: new Set<number>() } }));
  const listener = socket();
  const sockets = [listener, ...lans.map((lan) => lan.socket)];
  const hear = (bytes: Buffer, { address: from }: RemoteInfo) => {
    const reply = replyOfAnother(bytes, from as Ipv4, ours);
    if (reply === null) return;
    onReply(bytes, from as Ipv4);
    const on = lans.filter(({ asking }) => isFrom(asking, reply)).map(({ served }) => served);
    onServer({ server: reply.server, on, from, leases: leases(reply.packet), boots: boots(reply.packet) });
  };
  try {
    listener.on("message", hear);
    await bind(listener, LIMITED_BROADCAST, Port.client, WHAT);
    for (const lan of lans) {
      lan.socket.on("message", hear);
      await bind(lan.socket, lan.served.address, Port.client, WHAT);
      lan.socket.setBroadcast(true);
    }
    // An interface that is down takes no packets; that is told elsewhere.
    for (const each of sockets) each.on("error", () => {});
  } catch (error) {
    for (const each of sockets) each.close();
    throw error;
  }
  return {
    ask(served) {
      const lan = lans.find((each) => each.served === served);
      if (lan === undefined) return;
      lan.asking.xids.clear();
      for (const as of ["firmware", "anyone"] as const) {
        const xid = randomBytes(4).readUInt32BE();
        lan.asking.xids.add(xid);
        lan.socket.send(encodePacket(question(served.mac, xid, as)), Port.server, LIMITED_BROADCAST, () => {});
      }
    },
    async close() {
      for (const each of sockets) each.close();
    },
  };
}

export interface Watch {
  /** Asks on this interface now. False if the station cannot hear the answers. */
  ask(served: ServedInterface): boolean;
  close(): Promise<void>;
}

/**
 * Asks every LAN now and then, and writes down every other server that would boot our devices; `onLeasing` is told of
 * those that lease addresses.
 */
export async function watchServers(options: {
  readonly all: readonly ServedInterface[];
  readonly desk: Desk;
  readonly onLeasing: (other: OtherServer) => void;
  /** Every reply of another server that was heard, to whichever device. */
  readonly onReply: (bytes: Uint8Array, from: Ipv4) => void;
  readonly onNotice: (notice: Notice) => void;
}): Promise<Watch> {
  const { all, desk, onLeasing, onReply, onNotice } = options;
  const noticed = new Set<string>();
  const hear = (other: OtherServer) => {
    if (other.leases) onLeasing(other);
    const { server, from } = other;
    if (!other.boots || noticed.has(server) || noticed.size >= NOTICED_LIMIT) return;
    noticed.add(server);
    const told = notice("other-boot-server", "network", { server, how: `from ${from}` });
    desk
      .record(otherBootServerEntry(server, told, Date.now()))
      .catch((error) => onNotice(notice("fault", "ledger", { message: String(error) })));
  };
  let listening: Listening;
  try {
    listening = await listenForServers(all, hear, onReply);
  } catch (error) {
    onNotice(notice("watch-failed", "network", { message: (error as Error).message }));
    return { ask: () => false, close: async () => {} };
  }
  const askAll = () => {
    for (const served of all) listening.ask(served);
  };
  askAll();
  const asking = setInterval(askAll, ASK_MS);
  return {
    ask(served) {
      listening.ask(served);
      return true;
    },
    async close() {
      clearInterval(asking);
      await listening.close();
    },
  };
}

function socket(): Socket {
  return createSocket({ type: "udp4", reuseAddr: true });
}
