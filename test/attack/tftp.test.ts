import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { startTftp, type TftpLimits, type TftpServer } from "../../src/server/tftp.ts";
import type { TftpEvent } from "../../src/station/tftp-event.ts";
import { negotiate } from "../../src/tftp/negotiate.ts";
import { DATA_HEADER, decodeTftp, encodeTftp, type Options } from "../../src/tftp/packet.ts";
import { begin, type Output, step } from "../../src/tftp/transfer.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";
import { download } from "./download.ts";

const LOOPBACK = parseIpv4("127.0.0.1");
const FILE = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 31) & 0xff);

let server: TftpServer | null = null;
let events: TftpEvent[];
const sockets: Socket[] = [];

async function serve(limits: Partial<TftpLimits> = {}): Promise<void> {
  events = [];
  const resolve = (name: string) => (name === "vmlinuz" ? FILE : null);
  server = await startTftp({ address: LOOPBACK, port: 0, limits, resolve, onEvent: (event) => events.push(event) });
}
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await server?.close();
  server = null;
});

/** A socket at that address; `bytes` counts what it is sent, and it answers nothing. */
async function victim(address: string): Promise<{ readonly socket: Socket; bytes: number }> {
  const socket = createSocket("udp4");
  const each = { socket, bytes: 0 };
  socket.on("message", ({ length }) => {
    each.bytes += length;
  });
  sockets.push(socket);
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  return each;
}

const request = (options: Options = [], filename = "vmlinuz") =>
  encodeTftp({ opcode: "RRQ", filename, mode: "octet", options });
const port = () => server!.port;
const ask = ({ socket }: { socket: Socket }, bytes = request()) => socket.send(bytes, port(), LOOPBACK);
const kinds = () =>
  events.map((event) => ("reason" in event && event.reason ? `${event.kind} ${event.reason}` : event.kind));

describe("before a peer has answered from its address", () => {
  /** All that goes out for one question that nobody answers. */
  const bytesOut = (asked: Options) => {
    const negotiated = negotiate(asked, FILE.length);
    const { transfer, outputs } = begin(FILE, negotiated, 0);
    const count = (list: readonly Output[]) =>
      list.reduce((sum, output) => {
        if (output.kind === "datagram") return sum + output.bytes.length;
        if (output.kind === "ended") return sum;
        return sum + (output.last - output.first + 1) * (negotiated.blockSize + DATA_HEADER);
      }, 0);
    let total = count(outputs);
    while (!transfer.ended) total += count(step(transfer, "timer", transfer.deadline));
    return total;
  };

  it("T12 a question without options is worth 1,548 bytes, one with options three times itself and 30 bytes", () => {
    expect(bytesOut([])).toBe(3 * 516);
    for (const asked of [
      [["blksize", "65464"]],
      [
        ["blksize", "65464"],
        ["windowsize", "64"],
      ],
      [["tsize", "0"]],
      [
        ["tsize", "0"],
        ["blksize", "8"],
        ["windowsize", "65535"],
        ["timeout", "255"],
      ],
    ] as const)
      expect(bytesOut(asked), JSON.stringify(asked)).toBeLessThanOrEqual(3 * (request(asked).length + 10));
    expect(bytesOut([["unknown", "1"]])).toBe(3 * 516);
  });

  it("T12 whatever is asked in its name, an address is sent 32 transfers a minute at most, and one that answers any number", async () => {
    await serve();
    const [one, other] = [await victim("127.0.1.1"), await victim("127.0.1.1")];
    for (let times = 0; times < 300; times++) {
      // The same port asks for something else each time: each question ends the transfer before it.
      ask(one, request([["tsize", String(times)]]));
      ask(other, request([["blksize", String(512 + times)]]));
      if (times % 20 === 0) await pause(2);
    }
    await pause(50);
    expect(server!.counters().started).toBe(32);
    expect(server!.counters().busy).toBeGreaterThan(500);
    expect(one.bytes + other.bytes).toBeLessThan(32 * 60);
    for (let times = 0; times < 50; times++) expect(await download(port(), "127.0.1.2", "vmlinuz")).toEqual(FILE);
  });
});

describe("a flood of requests from forged addresses", () => {
  it("T12 T16 leaves the table to whoever answers: devices load before, during and after it", async () => {
    await serve({ transfers: 128 });
    const early = await victim("127.0.2.1");
    ask(early, request([["blksize", "1024"]]));
    const answer = await new Promise<{ port: number; bytes: Buffer }>((resolve) =>
      early.socket.once("message", (bytes, { port }) => resolve({ bytes, port })),
    );
    expect(decodeTftp(answer.bytes)).toMatchObject({ opcode: "OACK" });
    const firstBlock = once(early.socket, "message");
    early.socket.send(encodeTftp({ opcode: "ACK", block: 0 }), answer.port, LOOPBACK);
    await firstBlock;

    for (let times = 0; times < 200; times++) ask(await victim(`127.0.3.${1 + times}`));
    const during = download(port(), "127.0.2.2", "vmlinuz");
    for (let times = 0; times < 40; times++) ask(await victim(`127.0.4.${1 + times}`));
    expect(await during).toEqual(FILE);
    expect(await download(port(), "127.0.2.3", "vmlinuz")).toEqual(FILE);
    await expect.poll(() => server!.counters().finished).toBe(2);
    const { started, finished, busy } = server!.counters();
    expect({ started, finished, busy }).toEqual({ started: 243, finished: 2, busy: 0 });
    const crowded = events.filter((event) => "reason" in event && event.reason === "crowded-out");
    expect(crowded.length).toBeGreaterThanOrEqual(110);
    expect(crowded.every(({ from }) => !from.address.startsWith("127.0.2."))).toBe(true);
  });

  it("T16 does not crowd out those that answer: a full table of them is left alone, and the next device is not answered", async () => {
    await serve({ transfers: 2 });
    for (const address of ["127.0.5.1", "127.0.5.2"]) {
      const device = await victim(address);
      const first = once(device.socket, "message") as Promise<[Buffer, { readonly port: number }]>;
      ask(device);
      const [, { port }] = await first;
      const second = once(device.socket, "message");
      device.socket.send(encodeTftp({ opcode: "ACK", block: 1 }), port, LOOPBACK);
      await second;
    }
    await expect.poll(kinds).toEqual(["started", "started"]);
    ask(await victim("127.0.5.3"));
    await expect.poll(kinds).toEqual(["started", "started", "refused busy"]);
  });
});

describe("forged datagrams within a transfer", () => {
  it("T12 from another port of the device's own address neither move it on nor end it", async () => {
    await serve();
    const [device, forger] = [await victim("127.0.6.1"), await victim("127.0.6.1")];
    ask(device);
    const { port: of } = await new Promise<{ port: number }>((resolve) =>
      device.socket.once("message", (_, from) => resolve(from)),
    );
    for (let block = 0; block < 300; block++) forger.socket.send(encodeTftp({ opcode: "ACK", block }), of, LOOPBACK);
    forger.socket.send(encodeTftp({ opcode: "ERROR", code: 0, message: "stop" }), of, LOOPBACK);
    await pause(50);
    expect(forger.bytes).toBe(0);
    expect(device.bytes).toBe(516);
    expect(kinds()).toEqual(["started"]);
  });
});
