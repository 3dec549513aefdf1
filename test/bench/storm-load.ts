// Devices that all ask in one instant, as EDK2's PXE does: a DISCOVER each, and then, each from its own address, a REQUEST
// to port 4011: storm-load.ts SERVER DEVICES. None asks twice. Prints how many had their answers within the four seconds
// after which firmware asks again, and how long the last of them had to wait.
import { createSocket, type Socket } from "node:dgram";
import { setTimeout as pause } from "node:timers/promises";
import { decodePacket, encodePacket } from "../../src/dhcp/packet.ts";
import { MessageType } from "../../src/dhcp/registry.ts";
import { ANY_ADDRESS, type Ipv4, LIMITED_BROADCAST } from "../../src/wire/ipv4.ts";
import { macToBytes } from "../../src/wire/mac.ts";
import { readCapture } from "../capture-file.ts";
import { deviceAddress, deviceMac } from "./devices.ts";

const RETRY_MS = 4000;
const RECEIVE_BYTES = 4 * 1024 * 1024;

const server = process.argv[2]!;
const devices = Array.from({ length: Number(process.argv[3]) }, (_, index) => index);

const templates = ["ovmf-discover", "ovmf-boot-request"].map((name) => decodePacket(readCapture("dhcp", name).bytes));
const [discover, request] = templates as [(typeof templates)[0], (typeof templates)[0]];

/** What the captured machine asked, as this device would ask it. */
function question(template: typeof discover, index: number, ciaddr: Ipv4): Uint8Array {
  const chaddr = new Uint8Array(16);
  chaddr.set(macToBytes(deviceMac(index)));
  const clientMachineIdentifier = Uint8Array.from(template.options.clientMachineIdentifier!);
  new DataView(clientMachineIdentifier.buffer).setUint16(15, index);
  const options = { ...template.options, clientMachineIdentifier };
  return encodePacket({ ...template, xid: index + 1, ciaddr, chaddr, options });
}

async function open(address: Ipv4, port: number, onMessage: (bytes: Uint8Array) => void): Promise<Socket> {
  const socket = createSocket({ type: "udp4", recvBufferSize: RECEIVE_BYTES });
  socket.on("message", onMessage);
  await new Promise<void>((bound) => socket.bind(port, address, bound));
  return socket;
}

/** Sends one question after the other without a pause, and waits for the answers. */
async function ask(type: number, send: (index: number) => void, hear: { take: (bytes: Uint8Array) => void }) {
  const answered = new Set<number>();
  const began = performance.now();
  let seconds = 0;
  hear.take = (bytes) => {
    const { xid, options } = decodePacket(bytes);
    if (options.dhcpMessageType !== type || options.serverIdentifier !== server) return;
    answered.add(xid);
    seconds = (performance.now() - began) / 1000;
  };
  for (const index of devices) send(index);
  while (answered.size < devices.length && performance.now() - began < RETRY_MS) await pause(10);
  return { answered: answered.size, seconds };
}

const hear = { take: (_: Uint8Array): void => {} };
const takeIn = (bytes: Uint8Array) => hear.take(bytes);

const discovers = devices.map((index) => question(discover, index, ANY_ADDRESS));
const everyone = await open(ANY_ADDRESS, 68, takeIn);
everyone.setBroadcast(true);
const offers = await ask(MessageType.offer, (index) => everyone.send(discovers[index]!, 67, LIMITED_BROADCAST), hear);
everyone.close();

const requests = devices.map((index) => question(request, index, deviceAddress(index)));
const sockets = await Promise.all(devices.map((index) => open(deviceAddress(index), 4011, takeIn)));
const acks = await ask(MessageType.ack, (index) => sockets[index]!.send(requests[index]!, 4011, server), hear);
for (const socket of sockets) socket.close();

process.stdout.write(`${JSON.stringify({ offers, acks })}\n`);
