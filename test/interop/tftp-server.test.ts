import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startTftp, type TftpLimits, type TftpServer } from "../../src/server/tftp.ts";
import type { TftpEvent } from "../../src/station/tftp-event.ts";
import { decodeTftp, encodeTftp, type Options } from "../../src/tftp/packet.ts";
import { parseIpv4 } from "../../src/wire/ipv4.ts";
import { OperatorError } from "../../src/wire/operator-error.ts";
import { readVectors } from "../vector-file.ts";
import { UdpPeer } from "./udp-peer.ts";

const LOOPBACK = parseIpv4("127.0.0.1");
const FILE = new Uint8Array(5000).fill(0x5a);

let server: TftpServer;
let events: TftpEvent[];
let resolved: string[];
let peers: UdpPeer[];

async function serve(limits: Partial<TftpLimits> = {}): Promise<void> {
  server = await startTftp({
    address: LOOPBACK,
    port: 0,
    limits,
    onEvent: (event) => events.push(event),
    resolve: (name) => {
      resolved.push(name);
      return name === "shimx64.efi" ? FILE : null;
    },
  });
}
async function peer(): Promise<UdpPeer> {
  const opened = await UdpPeer.open();
  peers.push(opened);
  return opened;
}
const request = (filename = "shimx64.efi", options: Options = []) =>
  encodeTftp({ opcode: "RRQ", filename, mode: "octet", options });
const ack = (block: number) => encodeTftp({ opcode: "ACK", block });
const kinds = () =>
  events.map((event) => ("reason" in event && event.reason ? `${event.kind} ${event.reason}` : event.kind));

beforeEach(() => {
  [events, resolved, peers] = [[], [], []];
});
afterEach(async () => {
  for (const each of peers) each.close();
  await server.close();
});

describe("the TFTP server", () => {
  it("counts rubbish, answers none of it, and goes on serving", async () => {
    await serve();
    const device = await peer();
    const rubbish = readVectors("tftp").filter((vector) => vector.expect === "malformed");
    for (const { bytes } of rubbish) device.send(bytes, server.port);
    for (const length of [513, 9000, 65_507]) device.send(new Uint8Array(length).fill(1), server.port);
    await pause(100);
    expect(device.received).toEqual([]);
    expect(server.counters().malformed).toBe(rubbish.length + 3);
    device.send(request(), server.port);
    await device.until(1);
    expect(decodeTftp(device.received[0]!.bytes)).toMatchObject({ opcode: "DATA", block: 1 });
  });

  it("answers each refusal with one ERROR and looks up none of these names", async () => {
    await serve();
    const device = await peer();
    const refused = readVectors("tftp").filter((vector) => vector.expect.startsWith("refused"));
    for (const { bytes } of refused) device.send(bytes, server.port);
    await device.until(refused.length);
    await pause(50);
    expect(device.received.map(({ bytes }) => decodeTftp(bytes).opcode)).toEqual(refused.map(() => "ERROR"));
    expect(kinds()).toEqual(refused.map((vector) => vector.expect));
    expect(resolved).toEqual([]);
    const { traversal, write, mode } = server.counters();
    const counted = (word: string) => refused.filter((vector) => vector.expect.endsWith(word)).length;
    expect({ traversal, write, mode }).toEqual({
      traversal: counted("traversal"),
      write: counted("write"),
      mode: counted("mode"),
    });
  });

  it("sends three datagrams in all to a source that never answers, which may be a forged one", async () => {
    await serve();
    const victim = await peer();
    victim.send(request("shimx64.efi", [["blksize", "1468"]]), server.port);
    await victim.until(3, 5000);
    await pause(4500);
    expect(victim.received).toHaveLength(3);
    expect(kinds()).toEqual(["started", "failed unanswered"]);
  });

  it("does not start a second transfer for a request that comes twice", async () => {
    await serve();
    const device = await peer();
    device.send(request(), server.port);
    device.send(request(), server.port);
    await device.until(1);
    await pause(100);
    expect(new Set(device.received.map(({ port }) => port)).size).toBe(1);
    expect(server.counters()).toMatchObject({ started: 1, duplicate: 1 });
  });

  it("ends a transfer when its device asks for something else from the same port", async () => {
    await serve();
    const device = await peer();
    device.send(request(), server.port);
    await device.until(1);
    device.send(request("shimx64.efi", [["blksize", "1024"]]), server.port);
    await device.until(2);
    expect(kinds()).toEqual(["started", "aborted asked-anew", "started"]);
  });

  it("serves a device that refused its options (ERROR 8) plainly when it asks again without any (RFC 2347)", async () => {
    await serve();
    const device = await peer();
    device.send(request("shimx64.efi", [["windowsize", "4"]]), server.port);
    await device.until(1);
    device.send(encodeTftp({ opcode: "ERROR", code: 8, message: "no" }), device.received[0]!.port);
    await pause(50);
    device.send(request(), server.port);
    await device.until(2);
    expect(device.received.map(({ bytes }) => decodeTftp(bytes))).toMatchObject([
      { opcode: "OACK", options: [["windowsize", "4"]] },
      { opcode: "DATA", block: 1, data: { length: 512 } },
    ]);
    expect(kinds()).toEqual(["started", "aborted error-from-device", "started"]);
  });

  it("starts anew when the same request comes after a second of silence: GRUB uses the same ports at every boot", async () => {
    await serve();
    const device = await peer();
    device.send(request(), server.port);
    await device.until(1);
    device.send(ack(1), device.received[0]!.port);
    await pause(1100);
    device.send(request(), server.port);
    await pause(100);
    expect(kinds()).toEqual(["started", "aborted asked-anew", "started"]);
    const last = device.received.at(-1)!;
    expect(decodeTftp(last.bytes)).toMatchObject({ block: 1 });
    expect(last.port).not.toBe(device.received[0]!.port);
  });

  it("lets nobody else take part in a transfer", async () => {
    await serve();
    const device = await peer();
    const stranger = await peer();
    device.send(request(), server.port);
    await device.until(1);
    const { port } = device.received[0]!;
    stranger.send(encodeTftp({ opcode: "ERROR", code: 0, message: "stop" }), port);
    stranger.send(ack(1), port);
    await pause(50);
    expect(stranger.received).toEqual([]);
    device.send(ack(1), port);
    await device.until(2);
    expect(decodeTftp(device.received[1]!.bytes)).toMatchObject({ opcode: "DATA", block: 2 });
  });

  it("counts rubbish within a transfer, and does not lose the transfer to it", async () => {
    await serve();
    const device = await peer();
    device.send(request(), server.port);
    await device.until(1);
    const { port } = device.received[0]!;
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0, 4), new Uint8Array(65_507)]) device.send(bytes, port);
    device.send(ack(1), port);
    await device.until(2);
    expect(server.counters().malformed).toBe(3);
  });

  it("stays silent, and says busy, where an address has its share of transfers already", async () => {
    await serve({ perAddress: 2 });
    const devices = [await peer(), await peer(), await peer()];
    for (const device of devices) {
      device.send(request(), server.port);
      await pause(20);
    }
    expect(devices.map(({ received }) => received.length)).toEqual([1, 1, 0]);
    expect(kinds()).toEqual(["started", "started", "refused busy"]);
    devices[0]!.send(encodeTftp({ opcode: "ERROR", code: 0, message: "" }), devices[0]!.received[0]!.port);
    await pause(20);
    devices[2]!.send(request(), server.port);
    await devices[2]!.until(1);
  });

  it("notices a device that is gone by its closed port", async () => {
    await serve();
    const device = await UdpPeer.open();
    device.send(request("shimx64.efi", [["tsize", "0"]]), server.port);
    await device.until(1);
    device.close();
    await pause(1500);
    expect(kinds()).toEqual(["started", "aborted port-closed"]);
  });

  it("says which transfers it left unfinished when it stops", async () => {
    await serve();
    const device = await peer();
    device.send(request(), server.port);
    await device.until(1);
    await server.close();
    expect(kinds()).toEqual(["started", "aborted station-stopped"]);
    await serve();
  });

  it("does not start on a port that another program has", async () => {
    await serve();
    const second = startTftp({ address: LOOPBACK, port: server.port, resolve: () => null, onEvent: () => {} });
    await expect(second).rejects.toBeInstanceOf(OperatorError);
  });
});
