// Our TFTP and HTTP servers as the station starts them, with one file in memory: serve-breakglass.ts ADDRESS FILE
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { startBootHttp } from "../../src/server/boot-http.ts";
import { startTftp } from "../../src/server/tftp.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";

const [address, path] = process.argv.slice(2) as [string, string];
const [name, file] = [basename(path), readFileSync(path)];
const at = { address: parseIpv4(address), resolve: (asked: string) => (asked === name ? file : null) };
await startTftp({ ...at, port: 69, onEvent: () => {} });
await startBootHttp({ ...at, port: 80 });
process.stdout.write("ready\n");
