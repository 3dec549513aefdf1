import { mkdtempSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ControlPlane, startControlPlane } from "../../src/server/control.ts";
import { type StationTls, stationTls } from "../../src/server/tls.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";

const loopback = parseIpv4("127.0.0.1");
const secret = "5e".repeat(32);

let folder: string;
let tls: StationTls;
let control: ControlPlane;
let faults: Error[];
let asked: string[];
let pending: (() => void)[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "breakglass-control-"));
  const files = { certificate: join(folder, "ca.pem"), privateKey: join(folder, "ca.key") };
  tls = await stationTls(files, loopback, Date.now());
  faults = [];
  asked = [];
  pending = [];
  control = await startControlPlane({ ...ours(), tls });
});
afterEach(async () => {
  await control.close();
  rmSync(folder, { recursive: true });
});

const ours = () => ({
  address: loopback,
  port: 0,
  answer: async (verb: string, message: string) => {
    asked.push(`${verb} ${message}`);
    if (verb === "fail") throw new Error("a defect");
    if (verb === "slow") await new Promise<void>((resolve) => pending.push(resolve));
    return "answered\n";
  },
  onFault: (error: Error) => faults.push(error),
});

/** Everything that comes back for these bytes inside TLS, until the connection ends. */
function send(text: string, options: object = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const to = { port: control.port, host: loopback, ca: tls.caPem, servername: "", ...options };
    const socket: TLSSocket = connectTls(to, () => socket.write(text));
    socket.on("data", (part: Buffer) => parts.push(part));
    socket.on("close", () => resolve(Buffer.concat(parts).toString("latin1")));
    socket.on("error", (error) => (parts.length > 0 ? undefined : reject(error)));
  });
}

const post = (verb: string, body: string, head: readonly string[] = []) =>
  [
    `POST /agent/v1/${verb} HTTP/1.1`,
    ...["Host: station", "Content-Type: text/plain", "Connection: close", `Authorization: Bearer ${secret}`],
    ...(head.length > 0 ? head : [`Content-Length: ${Buffer.byteLength(body)}`]),
    "",
    body,
  ].join("\r\n");

const answersStill = async () => expect(await send(post("plan", "x"))).toMatch(/^HTTP\/1.1 200 .*answered\n$/s);

const refused = /^HTTP\/1.1 4[0-9][0-9] /;

describe("TLS", () => {
  it("T3 holds the station to its own CA and to its own address", async () => {
    await answersStill();
    await expect(send(post("plan", "x"), { ca: [] })).rejects.toThrow();
    const files = { certificate: join(folder, "ca.pem"), privateKey: join(folder, "ca.key") };
    const other = await stationTls(files, parseIpv4("127.0.0.9"), Date.now());
    await control.close();
    control = await startControlPlane({ ...ours(), tls: other });
    await expect(send(post("plan", "x"))).rejects.toMatchObject({ code: "ERR_TLS_CERT_ALTNAME_INVALID" });
  });

  it("T3 is 1.2 or later", async () => {
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    await expect(send(post("plan", "x"), old)).rejects.toThrow(/alert protocol version|unsupported protocol/i);
  });

  it("T3 keeps the CA's key for its owner alone", () => {
    expect(statSync(join(folder, "ca.key")).mode & 0o777).toBe(0o600);
  });
});

describe("the agent API", () => {
  it.each([
    ["no secret", post("plan", "x").replace(/Authorization.*\r\n/, "")],
    ["a secret in upper case", post("plan", "x").replace(secret, secret.toUpperCase())],
    ["a secret with more behind it", post("plan", "x").replace(secret, `${secret} x`)],
    ["two secrets", post("plan", "x").replace("Connection", `Authorization: Bearer ${"a".repeat(64)}\r\nConnection`)],
    ["another scheme", post("plan", "x").replace("Bearer", "Basic")],
    ["another type", post("plan", "x").replace("text/plain", "application/json")],
    ["no type", post("plan", "x").replace("Content-Type: text/plain\r\n", "")],
    ["65 537 bytes", post("plan", "x".repeat(65_537))],
    [
      "65 537 bytes in chunks",
      post("plan", `10001\r\n${"x".repeat(65_537)}\r\n0\r\n\r\n`, ["Transfer-Encoding: chunked"]),
    ],
    ["a chunk and a length", post("plan", "1\r\nx\r\n0\r\n\r\n", ["Transfer-Encoding: chunked", "Content-Length: 1"])],
    ["a broken percent sign", post("%ff%", "x")],
    ["a verb of 500 letters", post("v".repeat(500), "x")],
    ["another method", post("plan", "x").replace("POST", "PUT")],
    ["another path", post("plan", "x").replace("/agent/v1/", "/agent/v1/../")],
    ["a header of 20 000 bytes", post("plan", "x", [`X: ${"x".repeat(20_000)}`, "Content-Length: 1"])],
    ["no HTTP", "\xff\xfe\r\n\r\n"],
  ])("T16 refuses %s without a fault, asks nobody, and goes on", async (_what, request) => {
    const answer = await send(request);
    if (_what === "two secrets") expect(answer).toMatch(/^HTTP\/1.1 [24]/);
    else expect(answer).toMatch(refused);
    if (_what !== "two secrets") expect(asked).toEqual([]);
    expect(faults).toEqual([]);
    await answersStill();
  });

  it("T16 answers bytes that are no TLS with nothing, and goes on", async () => {
    const ended = new Promise((resolve) => {
      const socket = connect(control.port, loopback, () => socket.write("GET / HTTP/1.1\r\n\r\n"));
      socket
        .on("error", () => {})
        .on("close", resolve)
        .resume();
    });
    await ended;
    await answersStill();
    expect(control.counters.malformed).toBeGreaterThan(0);
  });

  it("answers a fault of its own without saying what it was", async () => {
    const answer = await send(post("fail", "x"));
    expect(answer).toMatch(/^HTTP\/1.1 500 /);
    expect(answer).not.toContain("a defect");
    expect(faults).toHaveLength(1);
    await answersStill();
  });

  it("T16 survives an agent that goes away while it is answered", async () => {
    const socket = connectTls({ port: control.port, host: loopback, ca: tls.caPem }, () =>
      socket.write(post("slow", "x")),
    );
    socket.on("error", () => {});
    while (pending.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 20));
    pending[0]!();
    await answersStill();
    expect(faults).toEqual([]);
  });

  it("T16 one address cannot take all connections", async () => {
    const sockets = Array.from({ length: 140 }, () => connect(control.port, loopback).on("error", () => {}));
    const closed = sockets.map(
      (socket) => new Promise<void>((resolve) => socket.resume().on("close", () => resolve())),
    );
    for (const socket of sockets)
      await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
    await Promise.any(closed);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(sockets.filter((socket) => !socket.destroyed)).toHaveLength(128);
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
    await answersStill();
  });
});
