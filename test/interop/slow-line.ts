/**
 * Run where the loopback interface is slower than a program: sends blocks through one port of a device, each cut from
 * the same memory as all blocks are, and prints what came: the blocks' numbers, and of how many the two ends differ.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import type { DevicePort, DevicePortOptions } from "../../src/server/device-port.ts";
import { DgramPort } from "../../src/server/dgram-port.ts";
import { OUTGOING, openKernelPort } from "../../src/server/platform/linux-port.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";

const [kind, blocks, blockSize, most] = process.argv.slice(2) as [string, string, string, string];
const LENGTH = Number(blockSize);
const LOOPBACK = parseIpv4("127.0.0.1");

const device = createSocket({ type: "udp4", recvBufferSize: 8 * 1024 * 1024 });
device.bind(0, LOOPBACK);
await once(device, "listening");
let [torn, came] = [0, 0];
const numbers = new Set<number>();
device.on("message", (bytes) => {
  came += 1;
  numbers.add(bytes.readUInt32BE(0));
  if (bytes.readUInt32BE(0) !== bytes.readUInt32BE(bytes.length - 4)) torn += 1;
});

const port = await new Promise<DevicePort>((onOpen, onError) => {
  const to = { address: LOOPBACK, port: device.address().port };
  const options: DevicePortOptions = { address: LOOPBACK, to, cutAt: null, onOpen, onMessage: () => {}, onError };
  if (kind === "dgram") new DgramPort(options);
  else openKernelPort(options);
});
const before = process.memoryUsage().rss;
for (let block = 0; block < Number(blocks); block++) {
  OUTGOING.writeUInt32BE(block, 0);
  OUTGOING.writeUInt32BE(block, LENGTH - 4);
  port.send(OUTGOING, LENGTH);
}
const grown = process.memoryUsage().rss - before;
for (let last = -1; last < came && came < Number(most); await pause(300)) last = came;
port.close();
device.close();
process.stdout.write(JSON.stringify({ came, numbers: [...numbers], torn, grown }));
