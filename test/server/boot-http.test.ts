import { connect, type NetConnectOpts } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BootHttp, startBootHttp } from "../../src/server/boot-http.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";

const loopback = parseIpv4("127.0.0.1");
const asked: string[] = [];
/** No two of its kilobytes are alike. */
const LARGE = Buffer.from(Uint32Array.from({ length: 2_500_001 }, (_, index) => Math.imul(index, 2654435761)).buffer);
let server: BootHttp;

beforeEach(async () => {
  asked.length = 0;
  const resolve = (path: string) => {
    asked.push(path);
    if (path === "initrd") return LARGE;
    return path === "vmlinuz" ? Buffer.from("kernel") : null;
  };
  server = await startBootHttp({ address: loopback, port: 0, resolve });
});
afterEach(() => server.close());

/** The whole answer, as bytes on the wire. */
function send(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, loopback);
    const parts: Buffer[] = [];
    socket.on("data", (part: Buffer) => parts.push(part));
    socket.on("close", () => resolve(Buffer.concat(parts).toString("latin1")));
    socket.on("error", reject);
    socket.end(text);
  });
}

const get = (path: string) => send(`GET ${path} HTTP/1.1\r\nHost: station\r\n\r\n`);

describe("the boot file server", () => {
  it("sends a large file byte for byte, to several devices side by side, and to one that reads in small bites", async () => {
    const whole = (bite: number) =>
      new Promise<Buffer>((resolve, reject) => {
        const parts: Buffer[] = [];
        const socket = connect({ port: server.port, host: loopback, readableHighWaterMark: bite } as NetConnectOpts);
        socket.on("readable", () => {
          for (let part = socket.read(); part !== null; part = socket.read()) parts.push(part);
        });
        socket.on("end", () => resolve(Buffer.concat(parts)));
        socket.on("error", reject);
        socket.write("GET /initrd HTTP/1.1\r\nHost: station\r\n\r\n");
      });
    for (const answer of await Promise.all([whole(65_536), whole(1024), whole(65_536)])) {
      const head = answer.indexOf("\r\n\r\n") + 4;
      expect(answer.toString("latin1", 0, head)).toContain(`Content-Length: ${LARGE.length}`);
      expect(Buffer.compare(answer.subarray(head), LARGE)).toBe(0);
    }
  });

  it("spells Content-Length as GRUB 2.12 reads it, which knows only these capitals (measured)", async () => {
    expect(await get("/vmlinuz")).toContain("\r\nContent-Length: 6\r\n");
  });

  it("takes shim's double slash for one", async () => {
    expect(await get("//vmlinuz")).toMatch(/^HTTP\/1.1 200 .*kernel$/s);
  });

  it("answers HEAD with the length and no body", async () => {
    const answer = await send("HEAD /vmlinuz HTTP/1.1\r\nHost: station\r\n\r\n");
    expect(answer).toContain("Content-Length: 6");
    expect(answer).not.toContain("kernel");
  });

  it.each([
    "/../vmlinuz",
    "/..%2fvmlinuz",
    "/%2e%2e/vmlinuz",
    "/\\vmlinuz",
    "/vmlinuz%00",
    "/./vmlinuz",
    "/etc/passwd",
  ])("T12 serves nothing for %s: names are compared, never interpreted", async (path) => {
    expect(await get(path)).toMatch(/^HTTP\/1.1 404 /);
    expect(server.counters.served).toBe(0);
  });

  it("refuses every other method, and counts what is no HTTP", async () => {
    expect(await send("PUT /vmlinuz HTTP/1.1\r\nHost: s\r\nContent-Length: 0\r\n\r\n")).toMatch(/^HTTP\/1.1 405 /);
    await send("\x16\x03\x01 this is TLS, or nothing\r\n\r\n");
    expect(server.counters).toMatchObject({ refused: 1, malformed: 1 });
    expect(asked).toEqual([]);
  });

  it("keeps the connection after HEAD, for firmware that sends its GET on the same one (EDK2 before 2022)", async () => {
    const socket = connect(server.port, loopback);
    const heard = new Promise<string>((resolve, reject) => {
      let all = "";
      socket.on("data", (part) => {
        const first = all === "";
        all += part.toString("latin1");
        if (first) socket.write("GET /vmlinuz HTTP/1.1\r\nHost: station\r\n\r\n");
      });
      socket.on("close", () => resolve(all)).on("error", reject);
    });
    socket.write("HEAD /vmlinuz HTTP/1.1\r\nHost: station\r\n\r\n");
    expect(await heard).toMatch(/^HTTP\/1.1 200 .*Connection: keep-alive.*HTTP\/1.1 200 .*Connection: close.*kernel$/s);
  });

  it("T16 answers a bounded number of HEADs on each connection", async () => {
    const answer = await send("HEAD /vmlinuz HTTP/1.1\r\nHost: s\r\n\r\n".repeat(50));
    expect(asked).toHaveLength(32);
    expect(answer.match(/Content-Length: 6/g)).toHaveLength(32);
  });

  it("T16 looks at one question on each connection, however many are sent ahead", async () => {
    const answer = await send("GET /vmlinuz HTTP/1.1\r\nHost: s\r\n\r\n".repeat(50));
    expect(answer.match(/kernel/g)).toHaveLength(1);
    expect(asked).toEqual(["vmlinuz"]);
    expect(server.counters.bytes).toBe(6);
  });

  it.each([
    ["an absolute address", "GET http://station/vmlinuz HTTP/1.1\r\nHost: s\r\n\r\n"],
    ["a tunnel", "CONNECT station:443 HTTP/1.1\r\nHost: s\r\n\r\n"],
    ["another protocol", "GET /x HTTP/1.1\r\nHost: s\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"],
    ["an expectation", "GET /vmlinuz HTTP/1.1\r\nHost: s\r\nExpect: magic\r\n\r\n"],
    ["bytes that are no text", "GET /\xff\xfe%zz HTTP/1.1\r\nHost: s\r\n\r\n"],
    ["a chunk that never comes", "GET /x HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\nabc"],
  ])("T16 survives %s", async (_what, request) => {
    expect(await send(request)).not.toContain("kernel");
    expect(await get("/vmlinuz")).toContain("kernel");
  });

  it("survives a header that is too large", async () => {
    expect(await send(`GET /vmlinuz HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`)).not.toContain("kernel");
    expect(await get("/vmlinuz")).toContain("kernel");
  });
});
