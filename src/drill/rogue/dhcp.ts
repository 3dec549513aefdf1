import { guidToBytes, parseGuid } from "../../wire/guid.ts";
import { ipv4ToBytes, parseIpv4 } from "../../wire/ipv4.ts";
import { macToBytes, parseMac } from "../../wire/mac.ts";
import { type Attempt, pause, type RogueTarget } from "./attempt.ts";
import { Datagrams } from "./datagram.ts";

/**
 * A PXE request written by hand, byte by byte (RFC 2131, RFC 4578): an attacker uses no library of ours. `type` 1 is
 * DISCOVER, 3 REQUEST.
 */
function pxeRequest(type: 1 | 3, mac: string, uuid: string, ciaddr: string | null): Buffer {
  const header = Buffer.alloc(236);
  header.set([1, 1, 6, 0, 0xde, 0xad, 0xbe, type]);
  header.writeUInt16BE(ciaddr === null ? 0x8000 : 0, 10);
  if (ciaddr !== null) header.set(ipv4ToBytes(parseIpv4(ciaddr)), 12);
  header.set(macToBytes(parseMac(mac)), 28);
  const option = (code: number, bytes: Uint8Array) => Buffer.concat([Buffer.from([code, bytes.length]), bytes]);
  const options = [
    Buffer.from([0x63, 0x82, 0x53, 0x63]),
    option(53, Uint8Array.of(type)),
    option(55, Uint8Array.of(1, 3, 43, 54, 60, 66, 67, 97)),
    option(60, Buffer.from("PXEClient:Arch:00007:UNDI:003000")),
    option(93, Uint8Array.of(0, 7)),
    option(94, Uint8Array.of(1, 3, 0)),
    option(97, Buffer.concat([Buffer.from([0]), guidToBytes(parseGuid(uuid))])),
    Buffer.from([255]),
  ];
  return Buffer.concat([header, ...options]);
}

/** Takes part in a boot exchange as a device that nobody knows: what anybody on the LAN can do. */
export async function bootExchange(target: RogueTarget, uuid: string): Promise<boolean> {
  const socket = await Datagrams.open(target.own, 4011);
  try {
    await socket.send(pxeRequest(1, target.mac, uuid, null), "255.255.255.255", 67);
    await pause(300);
    const before = socket.received.length;
    await socket.send(pxeRequest(3, target.mac, uuid, target.own), target.station, 4011);
    return (await socket.next(before, 3000)) !== null;
  } finally {
    socket.close();
  }
}

/** Packets that are no packets, to both ports: too short at every length that matters, too long, options that lie. */
export async function rubbishPackets(target: RogueTarget): Promise<Attempt> {
  const good = pxeRequest(1, target.mac, target.victim.uuid, null);
  const lying = Buffer.concat([good.subarray(0, good.length - 1), Buffer.from([97, 255, 0, 1])]);
  const wrongHardware = Buffer.from(good);
  wrongHardware[2] = 255;
  const reply = Buffer.from(good);
  reply[0] = 2;
  const noCookie = Buffer.concat([good.subarray(0, 236), Buffer.from([1, 2, 3, 4]), good.subarray(240)]);
  const lengths = [0, 1, 27, 235, 236, 239, 240, 241];
  const packets = [
    ...lengths.map((length) => good.subarray(0, length)),
    lying,
    wrongHardware,
    reply,
    noCookie,
    Buffer.concat([good, Buffer.alloc(9000, 0)]),
    Buffer.concat([
      good.subarray(0, good.length - 1),
      ...Array(200).fill(Buffer.from([60, 250, ...Buffer.alloc(250, 0x41)])),
    ]),
    Buffer.alloc(60_000, 0xff),
  ];
  const socket = await Datagrams.open(target.own, 0);
  try {
    for (const port of [67, 4011]) for (const packet of packets) await socket.send(packet, target.station, port);
    await pause(1000);
    const answers = socket.received.length;
    const evidence = `${packets.length} malformed packets to each of ports 67 and 4011, ${answers} answers`;
    return {
      id: "T13-malformed-dhcp",
      title: "malformed, truncated and oversized DHCP packets get no answer",
      blocked: answers === 0,
      evidence,
    };
  } finally {
    socket.close();
  }
}
