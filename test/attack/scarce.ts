import { readdirSync } from "node:fs";
import { startBootHttp } from "../../src/server/boot-http.ts";
import { startTftp } from "../../src/server/tftp.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";

// Run with few file descriptors: the station's TFTP and HTTP. Prints its ports, then what it has to say, a line each.
const say = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);
// Whatever comes out here would have ended the station.
process.on("uncaughtException", (error) => say({ crash: error.message }));
process.on("unhandledRejection", (error) => say({ crash: String(error) }));

const address = parseIpv4("127.0.0.1");
const file = new Uint8Array(5000).fill(7);
const tftp = await startTftp({
  ...{ address, port: 0, resolve: () => file },
  onEvent: (event) => event.kind === "failed" && say({ failed: event.message }),
});
const http = await startBootHttp({ address, port: 0, resolve: () => file });
say({ tftp: tftp.port, http: http.port, files: readdirSync("/proc/self/fd").length });
process.stdin.on("end", () => process.exit(0)).resume();
