import { randomBytes } from "node:crypto";
import { createSocket, type RemoteInfo } from "node:dgram";
import { type DhcpPacket, decodePacket, encodePacket } from "../dhcp/packet.ts";
import { Architecture, BROADCAST_FLAG, ETHERNET, MessageType, Op, OptionCode, Port } from "../dhcp/registry.ts";
import { ANY_ADDRESS, type Ipv4, LIMITED_BROADCAST } from "../wire/ipv4.ts";
import { macToBytes } from "../wire/mac.ts";
import { MalformedError } from "../wire/malformed.ts";
import type { Desk } from "./desk.ts";
import type { ServedInterface } from "./interface.ts";
import { bind } from "./listen.ts";

/** How often the station asks the LAN, as a boot client would, who else answers boot clients. */
const ASK_MS = 60_000;

/** Servers noted; an attacker can make up as many as he has packets. */
const NOTICED_LIMIT = 32;

export interface Watch {
  close(): Promise<void>;
}

/**
 * Listens to what DHCP servers broadcast to clients, asks them now and then in a boot client's words, and notes every
 * other server that would boot our devices. No lease is taken: the OFFERs are not accepted.
 */
export async function watchForBootServers(options: {
  readonly served: ServedInterface;
  readonly desk: Desk;
  readonly onNotice: (text: string) => void;
}): Promise<Watch> {
  const { served, desk, onNotice } = options;
  const listener = createSocket({ type: "udp4", reuseAddr: true });
  const asker = createSocket({ type: "udp4", reuseAddr: true });
  const noticed = new Set<string>();
  listener.on("message", (bytes: Buffer, { address }: RemoteInfo) => {
    const server = otherBootServer(bytes, served.address);
    if (server === null || noticed.has(server) || noticed.size >= NOTICED_LIMIT) return;
    noticed.add(server);
    const text = `another boot server answers on this network: ${server} (from ${address}). It can boot your devices into something else: find it before you go on.`;
    const body = { type: "station.noticed", what: "other-boot-server", server, text };
    desk
      .record({ body, actor: "station", commandId: `noticed:${server}:${Date.now()}` })
      .catch((error) => onNotice(String(error)));
  });
  listener.on("error", () => {});
  asker.on("error", () => {});
  try {
    await bind(listener, LIMITED_BROADCAST, Port.client, "the watch for other boot servers");
    await bind(asker, served.address, Port.client, "the watch for other boot servers");
    asker.setBroadcast(true);
  } catch (error) {
    onNotice(`cannot watch for other boot servers: ${(error as Error).message}`);
    listener.close();
    asker.close();
    return { close: async () => {} };
  }
  const ask = () => asker.send(encodePacket(question(served)), Port.server, LIMITED_BROADCAST);
  ask();
  const asking = setInterval(ask, ASK_MS);
  return {
    async close() {
      clearInterval(asking);
      listener.close();
      asker.close();
    },
  };
}

/** The address of a server other than ours that offers to boot clients, if these bytes are its words. */
export function otherBootServer(bytes: Uint8Array, ours: Ipv4): Ipv4 | null {
  const packet = decode(bytes);
  if (packet === null || packet.op !== Op.bootReply) return null;
  const { serverIdentifier: server, vendorClassIdentifier = "", bootfileName } = packet.options;
  if (server === undefined || server === ours) return null;
  const boots = /^(PXE|HTTP)Client/.test(vendorClassIdentifier) || packet.file !== "" || bootfileName !== undefined;
  return boots ? server : null;
}

function decode(bytes: Uint8Array): DhcpPacket | null {
  try {
    return decodePacket(bytes);
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}

/** A DISCOVER in the words of UEFI x64 firmware, from the station's own NIC. */
function question({ mac }: ServedInterface): DhcpPacket {
  const chaddr = new Uint8Array(16);
  chaddr.set(macToBytes(mac));
  return {
    ...{ op: Op.bootRequest, ...ETHERNET, hops: 0, xid: randomBytes(4).readUInt32BE(), secs: 0, flags: BROADCAST_FLAG },
    ...{
      ciaddr: ANY_ADDRESS,
      yiaddr: ANY_ADDRESS,
      siaddr: ANY_ADDRESS,
      giaddr: ANY_ADDRESS,
      chaddr,
      sname: "",
      file: "",
    },
    options: {
      dhcpMessageType: MessageType.discover,
      parameterRequestList: [OptionCode.tftpServerName, OptionCode.bootfileName],
      vendorClassIdentifier: "PXEClient:Arch:00007:UNDI:003000",
      clientSystemArchitecture: [Architecture.uefiX64],
      clientNetworkInterfaceIdentifier: Uint8Array.of(1, 3, 0),
    },
  };
}
