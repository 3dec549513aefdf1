import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { arrives, mayArrive } from "../../src/boot/arrivals.ts";
import { parseLeaseRange } from "../../src/boot/lease-range.ts";
import type { UnknownPolicy } from "../../src/campaign/campaign.ts";
import { arm } from "../../src/campaign/command.ts";
import type { DhcpOptions } from "../../src/dhcp/options.ts";
import { type DhcpPacket, decodePacket, encodePacket } from "../../src/dhcp/packet.ts";
import { BROADCAST_FLAG, ETHERNET, MessageType, Op } from "../../src/dhcp/registry.ts";
import { parseInventory } from "../../src/fleet/read-inventory.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { BootServer } from "../../src/station/boot-server.ts";
import { Desk } from "../../src/station/desk.ts";
import { Leases } from "../../src/station/leases.ts";
import { LoadTurns } from "../../src/station/load-turns.ts";
import { ANY_ADDRESS, type Ipv4, LIMITED_BROADCAST, parseIpv4 } from "../../src/wire/ipv4.ts";
import { macToBytes, parseMac } from "../../src/wire/mac.ts";
import { event } from "../ledger/event.ts";
import { toldTo } from "./told.ts";

const known = "52:54:00:00:00:01";
const stranger = "52:54:00:00:00:02";
const station = parseIpv4("10.99.0.2");
const served = { name: "eth0", address: station, netmask: parseIpv4("255.255.255.0"), mac: parseMac("525400fe0000") };
const firmware: DhcpOptions = {
  vendorClassIdentifier: "PXEClient:Arch:00007:UNDI:003000",
  clientSystemArchitecture: [7],
};
const windows: DhcpOptions = { vendorClassIdentifier: "MSFT 5.0" };
const agent: DhcpOptions = { vendorClassIdentifier: "breakglass" };

let folder: string;
let ledger: Ledger;
let desk: Desk;
let leases: Leases;
let server: BootServer;
let notices: string[];
let now: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "breakglass-leases-"));
  now = Date.UTC(2026, 10, 21);
  ledger = await openLedger(join(folder, "ledger.sqlite"), { station: "test", clock: () => now, create: true });
  await start();
});
afterEach(async () => {
  await ledger.close();
  rmSync(folder, { recursive: true });
});

/** A station on this ledger, as after a start. */
async function start(): Promise<void> {
  notices = [];
  const onNotice = toldTo(notices, { now: () => now });
  desk = new Desk(ledger, () => {});
  await desk.catchUp();
  leases = new Leases(served, parseLeaseRange("10.99.0.100-10.99.0.109"), desk.state);
  leases.open();
  const images = new Set(["x64" as const]);
  server = new BootServer({ desk, served, leases, now: () => now, httpPort: 80, images, uefiLoader: "shim", onNotice });
}

async function armCampaign(unknown: UnknownPolicy): Promise<void> {
  const campaign = { campaign: "c1", remedy: "r", remedySha256: "0".repeat(64), document: {} };
  const devices = parseInventory(`name,mac\nPC-1,${known}\n`);
  const entry = arm(desk.state.campaign, { ...campaign, unknown, hibernated: "stop", devices }, "operator:test");
  if (typeof entry === "string") throw new Error(entry);
  await desk.record(entry);
}

let xid = 0;
async function say(device: string, options: DhcpOptions, fields: Partial<DhcpPacket> = {}, from: Ipv4 = ANY_ADDRESS) {
  const chaddr = new Uint8Array(16);
  chaddr.set(macToBytes(parseMac(device)));
  const bytes = encodePacket({
    ...{ op: Op.bootRequest, ...ETHERNET, hops: 0, xid: ++xid, secs: 0, flags: BROADCAST_FLAG, sname: "", file: "" },
    ...{ ciaddr: ANY_ADDRESS, yiaddr: ANY_ADDRESS, siaddr: ANY_ADDRESS, giaddr: ANY_ADDRESS, chaddr, options },
    ...fields,
  });
  const reply = await server.answer({ bytes, port: 67, from: { address: from, port: 68 } });
  return reply === null ? null : { ...decodePacket(reply.bytes), to: reply.to };
}

const discover = (device: string, as: DhcpOptions) => say(device, { ...as, dhcpMessageType: MessageType.discover });
const request = (device: string, as: DhcpOptions, address: Ipv4) =>
  say(device, { ...as, dhcpMessageType: MessageType.request, serverIdentifier: station, requestedIpAddress: address });

/** Discover, offer, request, acknowledgement. */
async function boot(device: string, as: DhcpOptions): Promise<Ipv4 | null> {
  const offer = await discover(device, as);
  if (offer === null || offer.yiaddr === ANY_ADDRESS) return null;
  const ack = await request(device, as, offer.yiaddr);
  expect(ack?.options.dhcpMessageType).toBe(MessageType.ack);
  return ack!.yiaddr;
}

const exchanges = async () => (await ledger.read(0)).filter(({ body }) => body.type === "boot.offered");

describe("a device of the campaign on a LAN without a DHCP server", () => {
  it("has one address from its firmware to its Windows", async () => {
    await armCampaign("hold");
    const address = await boot(known, firmware);
    expect(address).toMatch(/^10\.99\.0\.10\d$/);
    expect(await boot(known, agent)).toBe(address);
    expect(await boot(known, windows)).toBe(address);
  });

  it("gets address and boot file in one, and its boot exchange is written down before it is told", async () => {
    await armCampaign("hold");
    const offer = await discover(known, firmware);
    expect(offer).toMatchObject({ file: "shimx64.efi", siaddr: station, to: { address: LIMITED_BROADCAST, port: 68 } });
    expect(await exchanges()).toEqual([]);
    const address = await boot(known, firmware);
    expect((await exchanges()).map(({ body }) => "address" in body && body.address)).toEqual([address]);
    expect(desk.state.boots.exchanges.get(address!)?.device).toBe(known);
  });

  it("keeps its address over a restart of the station, though others ask first", async () => {
    await armCampaign("auto");
    const taken = new Map<string, Ipv4 | null>();
    for (const last of ["11", "12", "13", "14", "15"])
      taken.set(`52:54:00:00:00:${last}`, await boot(`52:54:00:00:00:${last}`, firmware));
    await start();
    for (const last of ["21", "22", "23", "24"]) await boot(`52:54:00:00:00:${last}`, firmware);
    for (const [device, address] of taken) expect(await boot(device, agent)).toBe(address);
  });

  it("gets nothing but an address once it is past its firmware: no boot file that Windows would wonder at", async () => {
    await armCampaign("hold");
    await boot(known, firmware);
    const offer = await discover(known, windows);
    expect(offer).toMatchObject({ file: "", sname: "", siaddr: ANY_ADDRESS });
    expect(offer?.options.bootfileName).toBeUndefined();
    expect(await exchanges()).toHaveLength(1);
  });

  it("is renewed even while the campaign is halted", async () => {
    await armCampaign("hold");
    const address = (await boot(known, firmware))!;
    await desk.record({ body: event("campaign.halted"), actor: "operator:test", commandId: "halt" });
    const renew = { ...agent, dhcpMessageType: MessageType.request };
    expect(await say(known, renew, { ciaddr: address }, address)).toMatchObject({ yiaddr: address });
    expect(await discover(known, firmware)).toBeNull();
  });
});

describe("T5: a machine that must not be touched", () => {
  it("gets no address, whatever it runs", async () => {
    await armCampaign("hold");
    for (const as of [firmware, windows, agent, {}]) expect(await discover(stranger, as)).toBeNull();
    const elsewhere = parseIpv4("192.168.1.9");
    expect(await request(stranger, windows, elsewhere)).toBeNull();
  });

  it("gets no address for its Windows from a campaign for everyone, unless it has booted from the station", async () => {
    await armCampaign("auto");
    expect(await discover(stranger, windows)).toBeNull();
    expect(await discover(stranger, {})).toBeNull();
    const address = await boot(stranger, firmware);
    expect(await boot(stranger, windows)).toBe(address);
  });

  it("is told apart from the agent on a dock, whose MAC address is not the one that its firmware had", async () => {
    await armCampaign("confirm");
    expect(await boot(stranger, agent)).toMatch(/^10\.99\.0\.10\d$/);
  });

  it("gets no lease without a boot file either, where its firmware cannot be booted", async () => {
    await armCampaign("hold");
    expect(await discover(known, { ...firmware, clientSystemArchitecture: [0x1234] })).toBeNull();
    expect(
      await discover(known, { vendorClassIdentifier: "PXEClient:Arch:00010", clientSystemArchitecture: [10] }),
    ).toBeNull();
  });

  it("behind a relay gets no address of this LAN, and no refusal of its own", async () => {
    await armCampaign("hold");
    const giaddr = parseIpv4("10.5.0.1");
    const from = giaddr;
    const relayed = await say(known, { ...firmware, dhcpMessageType: MessageType.discover }, { giaddr }, from);
    expect(relayed).toMatchObject({ yiaddr: ANY_ADDRESS, to: { address: giaddr, port: 67 } });
    const dhcpMessageType = MessageType.request;
    const elsewhere = { ...windows, dhcpMessageType, requestedIpAddress: parseIpv4("10.5.0.9") };
    expect(await say(known, elsewhere, { giaddr }, from)).toBeNull();
  });
});

describe("T4: another DHCP server on the LAN where the station leases", () => {
  const theirs = parseIpv4("10.99.0.1");
  const noticed = async () => (await ledger.read(0)).filter(({ body }) => body.type === "station.noticed");

  it("is known by the first device that takes its offer: from then on the station is a proxy beside it", async () => {
    await armCampaign("auto");
    const address = await boot(known, firmware);
    const dhcpMessageType = MessageType.request;
    const takes = {
      ...firmware,
      dhcpMessageType,
      serverIdentifier: theirs,
      requestedIpAddress: parseIpv4("10.99.0.50"),
    };
    await say(stranger, takes);
    expect(leases.leasing).toBe("stopped");
    await expect.poll(noticed).toHaveLength(1);
    const [{ body } = { body: {} }] = await noticed();
    expect(body).toMatchObject({ what: "other-dhcp-server", server: theirs });
    expect(await discover(stranger, firmware)).toMatchObject({
      yiaddr: ANY_ADDRESS,
      options: { vendorClassIdentifier: "PXEClient" },
    });
    const renew = { ...agent, dhcpMessageType };
    expect(await say(known, renew, { ciaddr: address! }, address!)).toMatchObject({ yiaddr: address });
  });

  it("on another LAN of the station is none of its business", async () => {
    await armCampaign("auto");
    const server = parseIpv4("192.168.7.1");
    const takes = { ...firmware, dhcpMessageType: MessageType.request, serverIdentifier: server };
    await say(stranger, { ...takes, requestedIpAddress: parseIpv4("192.168.7.9") });
    expect(leases.leasing).toBe("open");
  });

  it("is written down once, and nothing but a new start of the station ends it", async () => {
    for (const server of [theirs, parseIpv4("10.99.0.3")])
      for (const entry of leases.stop(server, "it answers", now)) await desk.record(entry);
    leases.check();
    leases.open();
    expect(leases.leasing).toBe("stopped");
    await expect.poll(noticed).toHaveLength(1);
  });

  it("may be there as long as the LAN has not been asked: until then nobody gets an address", async () => {
    await armCampaign("hold");
    leases.check();
    expect(await discover(known, firmware)).toMatchObject({ yiaddr: ANY_ADDRESS });
    leases.open();
    expect(await discover(known, firmware)).toMatchObject({ yiaddr: expect.stringMatching(/^10\.99\.0\.10/) });
  });
});

describe("T12: a lease message with a forged address", () => {
  it("neither renews nor gives back another device's address", async () => {
    await armCampaign("hold");
    const address = (await boot(known, firmware))!;
    const attacker = parseIpv4("10.99.0.66");
    const release = { ...windows, dhcpMessageType: MessageType.release, serverIdentifier: station };
    await say(known, release, { ciaddr: address }, attacker);
    expect(server.counters()).toMatchObject({ leases: 1, "forged-address": 1 });
    await say(known, release, { ciaddr: address }, address);
    expect(server.counters()).toMatchObject({ leases: 0 });
  });
});

describe("T16: a flood of made-up MAC addresses", () => {
  it("that only ask is no entry in the ledger", async () => {
    await armCampaign("auto");
    const before = (await ledger.head()).seq;
    for (let number = 0; number < 500; number++)
      await discover(
        `52:54:01:00:${(number >> 8).toString(16).padStart(2, "0")}:${(number & 255).toString(16).padStart(2, "0")}`,
        firmware,
      );
    expect((await ledger.head()).seq).toBe(before);
    expect(notices.filter((text) => text.includes("--dhcp-range"))).toHaveLength(1);
  });

  it("that take leases is an entry for each address of the range at most, and the inventory's device still gets one", async () => {
    await armCampaign("auto");
    for (let number = 0; number < 200; number++)
      await boot(`52:54:01:00:00:${number.toString(16).padStart(2, "0")}`, firmware);
    expect((await exchanges()).length).toBe(9);
    expect(await boot(known, firmware)).toMatch(/^10\.99\.0\.10\d$/);
    expect(server.counters()).toMatchObject({ leases: 10, "leases-free": 0 });
  });
});

it("an address that a device finds taken is told to the operator, and not given out again", async () => {
  await armCampaign("hold");
  const address = (await boot(known, firmware))!;
  const decline = { ...agent, dhcpMessageType: MessageType.decline, serverIdentifier: station };
  expect(await say(known, { ...decline, requestedIpAddress: address })).toBeNull();
  expect(notices).toEqual([expect.stringContaining(`${address} is in use by another machine`)]);
  expect(await boot(known, agent)).not.toBe(address);
});

it("a device that has its address and boot file in one counts as one that loads its loader, as every other does", async () => {
  await armCampaign("hold");
  const loads = new LoadTurns({ loads: 1, now: () => now, onWaiting: () => {} });
  const options = { desk, served, leases, loads, now: () => now, httpPort: 80, images: new Set(["x64" as const]) };
  server = new BootServer({ ...options, uefiLoader: "shim", onNotice: () => {} });
  await boot(known, firmware);
  now += 30_000;
  for (let made = 0; made < 255; made++)
    arrives(loads.arrivals, parseMac(`0200000${(made + 4096).toString(16)}0`), false, now);
  expect(mayArrive(loads.arrivals, parseMac(stranger), false, now)).toBe(false);
});

it("devices that get no offer because others load their loaders are told of once: they ask again by themselves", async () => {
  await armCampaign("confirm");
  const loads = new LoadTurns({ loads: 1, now: () => now, onWaiting: () => {} });
  const options = { desk, served, leases, loads, now: () => now, httpPort: 80, images: new Set(["x64" as const]) };
  server = new BootServer({ ...options, uefiLoader: "shim", onNotice: toldTo(notices, { now: () => now }) });
  for (let made = 0; made < 256; made++)
    arrives(loads.arrivals, parseMac(`0200000${(made + 4096).toString(16)}0`), false, now);
  expect([await discover(stranger, firmware), await discover("52:54:00:00:00:03", firmware)]).toEqual([null, null]);
  expect(notices).toEqual([expect.stringMatching(/^256 devices fetch their loaders .* ask again by themselves/)]);
});
