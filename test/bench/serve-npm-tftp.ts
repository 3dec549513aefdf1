// npm's tftp server at the best it offers: serve-npm-tftp.ts ADDRESS FOLDER
import { createRequire } from "node:module";

const [host, root] = process.argv.slice(2);
const tftp = createRequire(import.meta.url)("tftp");
const options = { host, root, port: 69, denyPUT: true, windowSize: 64, blockSize: 65464 };
const server = tftp.createServer(options);
server.on("error", () => {});
server.on("request", (request: NodeJS.EventEmitter) => request.on("error", () => {}));
server.listen();
