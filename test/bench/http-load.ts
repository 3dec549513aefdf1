// Loads one file over many connections at once, one request on each, and compares every byte:
// http-load.ts ADDRESS PATH FILE CONNECTIONS REQUESTS. Prints the bytes that came.
import { readFileSync } from "node:fs";
import { connect } from "node:net";

const [address, path, file, connections, requests] = process.argv.slice(2) as [string, string, string, string, string];
const expected: Buffer = readFileSync(file);
const request = `GET ${path} HTTP/1.1\r\nHost: ${address}\r\nConnection: close\r\n\r\n`;

function get(): Promise<number> {
  return new Promise((resolve, reject) => {
    let header: Buffer | null = Buffer.alloc(0);
    let length = 0;
    const take = (bytes: Buffer) => {
      if (bytes.compare(expected, length, length + bytes.length) !== 0) socket.destroy(new Error("a wrong byte"));
      length += bytes.length;
    };
    const socket = connect({ host: address, port: 80 }, () => socket.write(request));
    socket.on("data", (bytes: Buffer) => {
      if (header === null) return take(bytes);
      header = Buffer.concat([header, bytes]);
      const end = header.indexOf("\r\n\r\n");
      if (end === -1) return;
      const body = header.subarray(end + 4);
      header = null;
      take(body);
    });
    socket.on("error", reject);
    socket.on("close", () =>
      length === expected.length ? resolve(length) : reject(new Error(`${length} of ${expected.length} bytes`)),
    );
  });
}

let left = Number(requests);
let bytes = 0;
await Promise.all(
  Array.from({ length: Number(connections) }, async () => {
    while (left-- > 0) {
      const length = await get();
      bytes += length;
    }
  }),
);
process.stdout.write(`${bytes}\n`);
