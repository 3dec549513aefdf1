import { createSocket } from "node:dgram";

// Run on a private network: sends the packet given in hexadecimal as a device does, and prints every answer of the next
// second and a half in hexadecimal, one a line. Without an address it is broadcast to port 67; with one, it goes from
// port 4011 to port 4011 there, as firmware asks a PXE boot server.
const [hex, bootServer] = process.argv.slice(2);
const socket = createSocket({ type: "udp4", reuseAddr: true });
socket.on("message", (bytes) => process.stdout.write(`${bytes.toString("hex")}\n`));
socket.bind(bootServer === undefined ? 68 : 4011, () => {
  socket.setBroadcast(true);
  const [port, to] = bootServer === undefined ? [67, "255.255.255.255"] : [4011, bootServer];
  socket.send(Buffer.from(hex!, "hex"), port, to);
  setTimeout(() => socket.close(), 1500);
});
