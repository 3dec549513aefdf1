import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BootHttp, startBootHttp } from "../../src/server/boot-http.ts";
import { limitConnections } from "../../src/server/connections.ts";
import { type ControlPlane, startControlPlane } from "../../src/server/control.ts";
import { type StationTls, stationTls } from "../../src/server/tls.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";

const loopback = parseIpv4("127.0.0.1");
const secret = "5e".repeat(32);
/** The same order as the real ones, in less time. */
const patience = { headers: 300, request: 600, idle: 1200, look: 100 };
const IMAGE = new Uint8Array(32 * 1024 * 1024).fill(1);

let folder: string;
let tls: StationTls;
let http: BootHttp;
let control: ControlPlane;
let faults: Error[];
let sockets: Socket[];
let senders: (string | undefined)[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "breakglass-attack-"));
  const files = { certificate: join(folder, "ca.pem"), privateKey: join(folder, "ca.key") };
  tls = await stationTls(files, loopback, Date.now());
  [faults, sockets, senders] = [[], [], []];
  const at = { address: loopback, port: 0, patience };
  http = await startBootHttp({ ...at, resolve: (path) => (path === "vmlinuz" ? IMAGE : null) });
  control = await startControlPlane({
    ...at,
    tls,
    answer: async (_verb, _message, _secret, from) => {
      senders.push(from);
      return "answered\n";
    },
    onFault: (error) => faults.push(error),
  });
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all([http.close(), control.close()]);
  rmSync(folder, { recursive: true });
});

const kept = <S extends Socket>(socket: S): S => {
  sockets.push(socket.on("error", () => {}));
  return socket;
};
const plain = (port: number, text = "", localAddress = "127.0.0.1") => {
  const socket = kept(connect({ port, host: loopback, localAddress }));
  if (text !== "") socket.write(text);
  return socket;
};
const secure = (text = "") => {
  const socket = kept(connectTls({ port: control.port, host: loopback, ca: tls.caPem, servername: "" }));
  socket.once("secureConnect", () => text !== "" && socket.write(text));
  return socket;
};
const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once("close", () => resolve()));

/** The whole answer to one question. */
function ask(port: number, text: string, localAddress?: string): Promise<Buffer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    const socket = plain(port, text, localAddress);
    socket.on("data", (part: Buffer) => parts.push(part));
    socket.once("close", () => resolve(Buffer.concat(parts)));
  });
}
const image = async (localAddress?: string) =>
  (await ask(http.port, "GET /vmlinuz HTTP/1.1\r\nHost: s\r\n\r\n", localAddress)).length;

const POST = `POST /agent/v1/plan HTTP/1.1\r\nHost: s\r\nContent-Type: text/plain\r\nAuthorization: Bearer ${secret}\r\n`;

describe("a slow client", () => {
  it.each<[string, () => Socket]>([
    ["says nothing to the boot file server", () => plain(http.port)],
    ["never ends its headers", () => plain(http.port, "GET /vmlinuz HTTP/1.1\r\nHost: s\r\nX: ")],
    ["never begins a TLS handshake", () => plain(control.port)],
    ["never ends a TLS handshake", () => plain(control.port, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")],
    ["says nothing inside TLS", () => secure()],
    ["never ends its headers inside TLS", () => secure("POST /agent/v1/plan HTTP/1.1\r\nHost: ")],
    ["never sends the body it announced", () => secure(`${POST}Content-Length: 1000\r\n\r\nx`)],
    ["never ends a chunk", () => secure(`${POST}Transfer-Encoding: chunked\r\n\r\nff\r\nx`)],
    ["keeps its connection for a next question", () => secure(`${POST}Content-Length: 1\r\n\r\nx`)],
  ])("T16 that %s is closed, and meanwhile devices are served", async (_what, open) => {
    const slow = open();
    const end = closed(slow.resume());
    expect(await image()).toBeGreaterThan(IMAGE.length);
    await end;
    expect(faults).toEqual([]);
  });

  it("T16 that sends a header now and then is closed when its time for headers is over", async () => {
    const slow = plain(http.port, "GET /vmlinuz HTTP/1.1\r\n");
    const end = closed(slow.resume());
    const dripping = setInterval(() => slow.write(`X-${performance.now()}: x\r\n`), 50);
    await end;
    clearInterval(dripping);
  });

  it("T16 that stops reading in the middle of the image is closed", async () => {
    const slow = plain(http.port, "GET /vmlinuz HTTP/1.1\r\nHost: s\r\n\r\n");
    slow.pause();
    expect(await image()).toBeGreaterThan(IMAGE.length);
    await pause(3 * patience.idle);
    let received = 0;
    slow.on("data", (part) => {
      received += part.length;
    });
    await closed(slow.resume());
    expect(received).toBeLessThan(IMAGE.length);
  });

  it("T16 whatever 128 of them do from one address, another address is served at once", async () => {
    for (let index = 0; index < 300; index++) plain(http.port, index % 2 ? "GET /" : "", "127.0.0.7");
    for (let index = 0; index < 40; index++)
      plain(http.port, "GET /vmlinuz HTTP/1.1\r\nHost: s\r\n\r\n", "127.0.0.7").pause();
    expect(await image("127.0.0.8")).toBeGreaterThan(IMAGE.length);
  });
});

describe("a question with rubbish behind it", () => {
  it("T16 ends the connection, and is not answered in the name of no address", async () => {
    for (let times = 0; times < 20; times++)
      await closed(secure(`${POST}Content-Length: 1\r\n\r\nx\x00 no HTTP\r\n\r\n`).resume());
    expect([...new Set(senders)].filter((from) => from !== loopback)).toEqual([]);
    expect(faults).toEqual([]);
  });
});

describe("thousands of idle connections", () => {
  it("T16 from a few addresses make room for the devices, which have two or three", async () => {
    const server = createServer((_, response) => response.end("served"));
    limitConnections(server, { total: 64, perAddress: 48 });
    await new Promise<void>((resolve) => server.listen(0, loopback, resolve));
    const { port } = server.address() as AddressInfo;
    const early = plain(port, "", "127.0.0.20");
    await new Promise((resolve) => early.once("connect", resolve));
    for (let index = 0; index < 400; index++) plain(port, "", `127.0.0.${10 + (index % 4)}`);
    await pause(300);
    for (const address of ["127.0.0.20", "127.0.0.21", "127.0.0.22"]) {
      const answer = await ask(port, "GET / HTTP/1.1\r\nHost: s\r\nConnection: close\r\n\r\n", address);
      expect(answer.toString()).toContain("served");
    }
    expect(early.destroyed).toBe(false);
    const open = await new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
    expect(open).toBeLessThanOrEqual(65);
    server.closeAllConnections();
    server.close();
  });
});
