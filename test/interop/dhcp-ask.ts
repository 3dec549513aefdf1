import { createSocket } from "node:dgram";

// Run on a private network: broadcasts the packet given in hexadecimal as a device without a lease would, and prints
// every answer of the next second and a half in hexadecimal, one a line.
const socket = createSocket({ type: "udp4", reuseAddr: true });
socket.on("message", (bytes) => process.stdout.write(`${bytes.toString("hex")}\n`));
socket.bind(68, () => {
  socket.setBroadcast(true);
  socket.send(Buffer.from(process.argv[2]!, "hex"), 67, "255.255.255.255");
  setTimeout(() => socket.close(), 1500);
});
