import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { arm } from "../../src/campaign/command.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { type BootHttp, startBootHttp } from "../../src/server/boot-http.ts";
import { Pacer } from "../../src/server/pacer.ts";
import { BootFiles } from "../../src/station/boot-files.ts";
import { Desk } from "../../src/station/desk.ts";
import { defaultLoads, LoadTurns } from "../../src/station/load-turns.ts";
import { type Ipv4, parseIpv4 } from "../../src/wire/ipv4.ts";
import { parseMac } from "../../src/wire/mac.ts";
import { event } from "../ledger/event.ts";

const station = parseIpv4("127.0.0.1");
const address = (device: number) => parseIpv4(`127.0.1.${device}`);
const mac = (device: number) => `52:54:00:00:00:0${device}`;
const MINUTE = 60_000;

let folder: string;
let ledger: Ledger;
let files: BootFiles;
let loads: LoadTurns;
let http: BootHttp;
let notices: string[];
let now: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "breakglass-queue-"));
  now = Date.UTC(2026, 10, 21);
  notices = [];
  const clock = () => now;
  ledger = await openLedger(join(folder, "ledger.sqlite"), { station: "test", clock, create: true });
  const desk = new Desk(ledger, () => {});
  loads = new LoadTurns({ loads: 1, now: clock, onWaiting: (most) => notices.push(`${most} load`) });
  const image = new Map([
    ["vmlinuz", new Uint8Array(1000)],
    ["initrd", new Uint8Array(300_000).fill(7)],
  ]);
  files = new BootFiles({
    ...{ desk, loads, images: new Map([["x64" as const, image]]), ownIpxe: new Map() },
    ...{ source: { address: station, httpPort: 80 }, stationUrl: "https://10.99.0.2:443", caPem: "" },
    now: clock,
    random: (length: number) => Buffer.alloc(length, desk.state.seq),
  });
  const campaign = { campaign: "c1", remedy: "r", remedySha256: "0".repeat(64), document: {}, devices: [] };
  const entry = arm(desk.state.campaign, { ...campaign, unknown: "auto", hibernated: "stop" }, "operator:test");
  if (typeof entry === "string") throw new Error(entry);
  await desk.record(entry);
  for (const device of [1, 2, 3]) {
    const offer = { device: parseMac(mac(device)), address: address(device), firmware: "uefi-x64-pxe", uuid: null };
    await desk.record({ body: event("boot.offered", offer), actor: "station", commandId: `boot:${device}` });
  }
  await start(null);
});
afterEach(async () => {
  await http.close();
  await ledger.close();
  rmSync(folder, { recursive: true });
});

async function start(pacer: Pacer | null): Promise<void> {
  const resolve = (path: string, from: Ipv4, method: "GET" | "HEAD") => files.overHttp(path, from, method);
  const sending = (path: string, from: Ipv4) => files.sending(path, from);
  http = await startBootHttp({ address: station, port: 0, resolve, sending, pacer });
}

const script = (device: number) => Buffer.from(files.overTftp("grub/grub.cfg", address(device)) ?? "").toString();
const waits = (device: number) => script(device).includes("waits for its turn");
const loadsNow = (device: number) => script(device).includes("(http,127.0.0.1)/initrd");

function open(device: number, path: string): Socket {
  const socket = connect({ port: http.port, host: station, localAddress: address(device) });
  socket.write(`GET /${path} HTTP/1.1\r\nHost: station\r\n\r\n`);
  return socket;
}

function body(socket: Socket): Promise<number> {
  let bytes = 0;
  return new Promise((resolve) => {
    socket.on("data", (part: Buffer) => {
      bytes += part.length;
    });
    socket.on("close", () => resolve(bytes));
  });
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("the boot script of a device", () => {
  it("is the one that loads as long as few devices load, then one that waits; the operator is told once", () => {
    expect(loadsNow(1)).toBe(true);
    expect([waits(2), waits(3), waits(2), loadsNow(1)]).toEqual([true, true, true, true]);
    expect(script(3)).toContain("Place 2 of 2: 1 before it.");
    expect(notices).toEqual(["1 load"]);
    expect(loads.counters()).toMatchObject({ loading: 1, waiting: 2 });
  });

  it("loads as soon as the device before it has its whole initrd, whatever that one does then", async () => {
    expect([loadsNow(1), waits(2)]).toEqual([true, true]);
    await body(open(1, "vmlinuz"));
    expect(waits(2)).toBe(true);
    await body(open(1, "initrd"));
    expect(loadsNow(2)).toBe(true);
  });

  it("goes on waiting when the device before it hangs up in the middle: that one asks again", async () => {
    await http.close();
    await start(new Pacer(1));
    expect([loadsNow(1), waits(2)]).toEqual([true, true]);
    const socket = open(1, "initrd");
    await until(() => socket.bytesRead > 0);
    now += 10 * MINUTE;
    expect(waits(2)).toBe(true);
    socket.destroy();
    await http.close();
    await start(null);
    expect([loadsNow(1), waits(2)]).toEqual([true, true]);
  });

  it("is still served to a device that has waited for longer than its boot exchange is good for", () => {
    script(1);
    for (let minute = 0; minute < 90; minute += 1) {
      expect([loadsNow(1), waits(2)]).toEqual([true, true]);
      now += MINUTE;
    }
    now += 2 * MINUTE;
    expect(script(2)).toBe("");
  });

  it("is over HTTP as long as HEAD said it would be, though the device's turn came in between", async () => {
    script(1);
    const told = await files.overHttp("grub/grub.cfg", address(2), "HEAD");
    await body(open(1, "initrd"));
    expect(await files.overHttp("grub/grub.cfg", address(2), "GET")).toEqual(told);
    expect(Buffer.from((await files.overHttp("grub/grub.cfg", address(2), "GET"))!).toString()).toContain("/initrd");
  });

  it("T16 is so after thousands of others asked for the size alone", async () => {
    for (let made = 0; made < 5000; made++) {
      const other = `02:00:00:00:${(made >> 8).toString(16).padStart(2, "0")}:${(made & 255).toString(16).padStart(2, "0")}`;
      loads.script(parseMac(other), false, "HEAD", () => "");
    }
    const told = loads.script(parseMac(mac(2)), false, "HEAD", () => "as long as this");
    expect(await files.overHttp("grub/grub.cfg", address(2), "GET")).toEqual(told);
  });
});

describe("a byte budget", () => {
  it("brings every byte, and to two devices at once", async () => {
    await http.close();
    await start(new Pacer(400));
    const [one, other] = await Promise.all([body(open(1, "initrd")), body(open(2, "initrd"))]);
    expect(one).toBeGreaterThan(300_000);
    expect(other).toBe(one);
  });

  it("T16 is shared by address: twenty connections of one device do not hold up another device's", async () => {
    await http.close();
    await start(new Pacer(20));
    const greedy = Array.from({ length: 20 }, () => open(1, "initrd"));
    for (const socket of greedy) socket.resume();
    await until(() => greedy.some((socket) => socket.bytesRead > 0));
    await body(open(2, "initrd"));
    expect(greedy.filter((socket) => socket.closed)).toEqual([]);
    for (const socket of greedy) socket.destroy();
  });

  it("makes fewer devices load at once, so that the first are done early on a thin line too", () => {
    expect([null, 1000, 100, 10].map(defaultLoads)).toEqual([32, 32, 4, 2]);
  });
});
