import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { arm } from "../../src/campaign/command.ts";
import { type DhcpPacket, encodePacket } from "../../src/dhcp/packet.ts";
import { BROADCAST_FLAG, ETHERNET, MessageType, Op } from "../../src/dhcp/registry.ts";
import { parseInventory } from "../../src/fleet/read-inventory.ts";
import type { EntryBody } from "../../src/ledger/events/event.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { BootFiles } from "../../src/station/boot-files.ts";
import { BootServer } from "../../src/station/boot-server.ts";
import { Desk } from "../../src/station/desk.ts";
import { LoadTurns } from "../../src/station/load-turns.ts";
import { ANY_ADDRESS, type Ipv4, parseIpv4 } from "../../src/wire/ipv4.ts";
import { type MacAddress, macToBytes, parseMac } from "../../src/wire/mac.ts";
import { event } from "../ledger/event.ts";
import { toldTo } from "./told.ts";

const known = parseMac("52:54:00:00:00:01");
const station = parseIpv4("10.99.0.2");
const leased = parseIpv4("10.99.0.101");
const attacker = parseIpv4("10.99.0.66");

let folder: string;
let ledger: Ledger;
let desk: Desk;
let server: BootServer;
let files: BootFiles;
let notices: string[];
let now: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "breakglass-boot-server-"));
  now = Date.UTC(2026, 10, 21);
  notices = [];
  const clock = () => now;
  ledger = await openLedger(join(folder, "ledger.sqlite"), { station: "test", clock, create: true });
  desk = new Desk(ledger, () => {});
  const random = (length: number) => Buffer.alloc(length, notices.length + desk.state.seq);
  const served = {
    name: "eth0",
    address: station,
    netmask: parseIpv4("255.255.255.0"),
    mac: parseMac("52:54:00:00:00:fe"),
  };
  server = new BootServer({
    ...{ desk, served, now: clock, httpPort: 80, images: new Set(["x64" as const]), uefiLoader: "shim" },
    onNotice: toldTo(notices, { now: clock, isKnown: (name) => name === known }),
  });
  const image = new Map([["vmlinuz", new Uint8Array(10)]]);
  const source = { address: station, httpPort: 80 };
  files = new BootFiles({
    ...{ desk, images: new Map([["x64" as const, image]]), ownIpxe: new Map(), source, now: clock, random },
    ...{ stationUrl: "https://10.99.0.2:443", caPem: "" },
    loads: new LoadTurns({ loads: 1, now: clock, onWaiting: (loads) => notices.push(`queue of ${loads}`) }),
  });
  const entry = arm(
    desk.state.campaign,
    {
      ...{ campaign: "c1", remedy: "r", remedySha256: "0".repeat(64), document: {} },
      ...{ unknown: "confirm", hibernated: "stop", devices: parseInventory(`name,mac\nPC-1,${known}\n`) },
    },
    "operator:test",
  );
  if (typeof entry === "string") throw new Error(entry);
  await desk.record(entry);
});
afterEach(async () => {
  await ledger.close();
  rmSync(folder, { recursive: true });
});

type Fields = Partial<DhcpPacket> & { readonly vendor?: string };

function packet(device: MacAddress, dhcpMessageType: number, fields: Fields = {}): Uint8Array {
  const { vendor = "PXEClient:Arch:00007:UNDI:003000", options: more, ...header } = fields;
  const chaddr = new Uint8Array(16);
  chaddr.set(macToBytes(device));
  const options = { dhcpMessageType, vendorClassIdentifier: vendor, clientSystemArchitecture: [7], ...more };
  return encodePacket({
    ...{ op: Op.bootRequest, ...ETHERNET, hops: 0, xid: 1, secs: 0, flags: BROADCAST_FLAG, sname: "", file: "" },
    ...{ ciaddr: ANY_ADDRESS, yiaddr: ANY_ADDRESS, siaddr: ANY_ADDRESS, giaddr: ANY_ADDRESS, chaddr, options },
    ...header,
  });
}

const discover = (from: Ipv4, fields: Fields = {}) =>
  server.answer({ bytes: packet(known, MessageType.discover, fields), port: 67, from: { address: from, port: 68 } });

const request = (device: MacAddress, from: Ipv4, fields: Fields = {}) => {
  const bytes = packet(device, MessageType.request, { ciaddr: from, ...fields });
  return server.answer({ bytes, port: 4011, from: { address: from, port: 4011 } });
};

const entriesOf = async (type: string) => (await ledger.read(0)).filter(({ body }) => body.type === type);

describe("a boot request with forged addresses", () => {
  it("T12 gets no answer where it names an address as its own that it did not come from", async () => {
    expect(await discover(ANY_ADDRESS, { ciaddr: leased })).toBeNull();
    expect(await request(known, attacker, { ciaddr: leased })).toBeNull();
    expect(server.counters()).toMatchObject({ "forged-address": 2 });
    expect(await entriesOf("boot.offered")).toEqual([]);
  });

  it.each(["127.0.0.1", "224.0.0.1", "255.255.255.255", "0.0.0.1"])(
    "T12 is not answered to %s as a relay",
    async (relay) => {
      expect(await discover(ANY_ADDRESS, { giaddr: parseIpv4(relay) })).toBeNull();
    },
  );

  it("T12 to port 4011 is answered to where it came from, whatever relay it names", async () => {
    const reply = await request(known, leased, { giaddr: parseIpv4("192.0.2.1") });
    expect(reply?.to).toEqual({ address: leased, port: 4011 });
  });

  it("binds the address it came from to the device, if it names none", async () => {
    await request(known, leased, { ciaddr: ANY_ADDRESS });
    expect(desk.state.boots.exchanges.get(leased)?.device).toBe(known);
  });
});

describe("a message that is not as it should be", () => {
  const oddArchitecture = () => {
    const bytes = new Uint8Array(
      packet(known, MessageType.discover, { options: { other: new Map([[200, new Uint8Array(3)]]) } }),
    );
    // Three bytes where a list of 16-bit numbers has two or four; the right one goes on in option 200.
    const right = bytes.indexOf(93, 240);
    const odd = bytes.indexOf(200, 240);
    bytes[right] = 200;
    bytes[odd] = 93;
    return bytes;
  };

  it("loses the one option of the wrong size: the device is answered by what else it says, and the operator is told", async () => {
    const from = { address: ANY_ADDRESS, port: 68 };
    const reply = await server.answer({ bytes: oddArchitecture(), port: 67, from });
    expect(reply).not.toBeNull();
    expect(notices.join()).toContain(`${known} asks to boot from the network with DHCP options that cannot be read`);
    expect(notices.join()).toContain("option 93: a list of 16-bit numbers has 3 bytes");
  });

  it("is counted and told with where it came from if it cannot be read at all", async () => {
    const bytes = packet(known, MessageType.discover).subarray(0, 200);
    expect(await server.answer({ bytes, port: 67, from: { address: attacker, port: 68 } })).toBeNull();
    expect(server.counters()).toMatchObject({ malformed: 1 });
    expect(notices.join()).toContain(`cannot be read and gets no answer (from ${attacker})`);
  });
});

describe("a flood", () => {
  it("T16 of boot requests is five entries a minute, and the device is answered all the same", async () => {
    for (let xid = 1; xid <= 50; xid++) expect(await request(known, leased, { xid })).not.toBeNull();
    expect(await entriesOf("boot.offered")).toHaveLength(5);
    expect(server.counters()).toMatchObject({ flood: 45 });
    now += 60_000;
    await request(known, leased, { xid: 99 });
    expect(await entriesOf("boot.offered")).toHaveLength(6);
  });

  it("T16 of made-up devices is bounded, and does not keep the inventory's devices from booting", async () => {
    const answers = await Promise.all(
      Array.from({ length: 1100 }, (_, index) =>
        request(parseMac(`5254ff00${index.toString(16).padStart(4, "0")}`), attacker),
      ),
    );
    expect(answers.filter((answer) => answer !== null)).toHaveLength(1024);
    expect(await entriesOf("boot.offered")).toHaveLength(1024);
    expect(await request(known, leased)).not.toBeNull();
  });

  it("T16 of requests for the session archive is four boot tokens a minute", async () => {
    await request(known, leased);
    for (let times = 0; times < 20; times++) await files.overHttp("session.cpio", leased, "GET");
    expect(await entriesOf("boot.token-minted")).toHaveLength(4);
    expect(await files.overHttp("vmlinuz", leased, "GET")).not.toBeNull();
  });

  it("T16 of sightings of a reported device is ten entries a minute", async () => {
    const record = (body: EntryBody) => desk.record({ body, actor: "test", commandId: body.type });
    await record(event("session.opened", { device: known }));
    await record(event("session.reported", { device: known }));
    for (let xid = 1; xid <= 30; xid++) await discover(ANY_ADDRESS, { xid, vendor: "MSFT 5.0" });
    expect(await entriesOf("device.sighted")).toHaveLength(10);
    expect(await entriesOf("device.confirmed")).toHaveLength(1);
  });
});

describe("UEFI HTTP Boot", () => {
  const vendor = "HTTPClient:Arch:00016:UNDI:003001";
  const takes = (xid: number, options: Partial<DhcpPacket["options"]>) => {
    const http = { vendor, options: { clientSystemArchitecture: [16], ...options }, xid };
    return server.answer({
      bytes: packet(known, MessageType.request, http),
      port: 67,
      from: { address: ANY_ADDRESS, port: 68 },
    });
  };

  it("is known by the lease it takes from the site's DHCP server, since it never asks on port 4011", async () => {
    expect(await takes(1, { requestedIpAddress: leased })).toBeNull();
    expect(await entriesOf("boot.offered")).toMatchObject([{ body: { device: known, address: leased } }]);
    expect(files.overTftp("vmlinuz", leased)).not.toBeNull();
  });

  it("is told the size of its session archive by HEAD, and only GET mints a boot token", async () => {
    await takes(1, { requestedIpAddress: leased });
    const size = (await files.overHttp("session.cpio", leased, "HEAD"))?.length;
    expect(await entriesOf("boot.token-minted")).toEqual([]);
    expect((await files.overHttp("session.cpio", leased, "GET"))?.length).toBe(size);
    expect(await entriesOf("boot.token-minted")).toHaveLength(1);
  });

  it("T12 binds no address that a machine cannot have", async () => {
    for (const requestedIpAddress of ["0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"].map(parseIpv4))
      await takes(1, { requestedIpAddress });
    expect(await entriesOf("boot.offered")).toEqual([]);
  });
});

describe("a boot file", () => {
  it("is found over TFTP by its name in any case, as Windows' boot manager asks, and over HTTP by just its name", async () => {
    await request(known, leased);
    expect(files.overTftp("VmLinuz", leased)).toBe(files.overTftp("vmlinuz", leased));
    expect(files.overTftp("vmlinuz", leased)).not.toBeNull();
    expect(await files.overHttp("VmLinuz", leased, "GET")).toBeNull();
  });
});

describe("firmware that there is no image for", () => {
  it("gets silence, and the operator is told how to serve it", async () => {
    const arm = { vendor: "PXEClient:Arch:00011:UNDI:003000", options: { clientSystemArchitecture: [11] } };
    expect(await discover(ANY_ADDRESS, arm)).toBeNull();
    expect(notices).toEqual([expect.stringContaining("breakglass image build --architecture arm64")]);
  });
});

describe("a device that was told to reboot", () => {
  it("T1 has no boot exchange any more: whoever has its address now gets no boot token in its name", async () => {
    await request(known, leased);
    const record = (body: EntryBody) => desk.record({ body, actor: "test", commandId: body.type });
    await record(event("session.opened", { device: known }));
    expect(await files.overHttp("session.cpio", leased, "GET")).not.toBeNull();
    await record(event("session.reported", { device: known }));
    expect(await files.overHttp("session.cpio", leased, "GET")).toBeNull();
    expect(files.overTftp("vmlinuz", leased)).toBeNull();
  });
});

describe("one device at two addresses", () => {
  it("T1 is told to the operator once, and is one of two machines for half an hour", async () => {
    await request(known, leased);
    expect(notices).toEqual([]);
    await request(known, attacker, { xid: 2 });
    await request(known, attacker, { xid: 3 });
    expect(notices).toEqual([expect.stringContaining(`${known} boots from two addresses, ${leased} and ${attacker}`)]);
    expect(desk.state.boots.contested.get(known)).toBe(now);
  });

  it("T16 is told though thousands of made-up devices were told of before, and those are told of slowly", async () => {
    const arm64 = { vendor: "PXEClient:Arch:00011:UNDI:003000", options: { clientSystemArchitecture: [11] } };
    for (let made = 0; made < 5000; made++) {
      const other = `02:00:00:00:${(made >> 8).toString(16).padStart(2, "0")}:${(made & 255).toString(16).padStart(2, "0")}`;
      const bytes = packet(parseMac(other), MessageType.discover, arm64);
      await server.answer({ bytes, port: 67, from: { address: ANY_ADDRESS, port: 68 } });
    }
    expect(notices.length).toBeLessThanOrEqual(200);
    await request(known, leased);
    await request(known, attacker, { xid: 2 });
    expect(notices.at(-1)).toMatch(`${known} boots from two addresses`);
  });

  it("is one device that moved, after half an hour", async () => {
    await request(known, leased);
    now += 30 * 60_000;
    await request(known, attacker, { xid: 2 });
    expect(notices).toEqual([]);
    expect(desk.state.boots.contested.size).toBe(0);
  });
});

describe("the station's own question to other boot servers", () => {
  it("is neither answered nor told to the operator when it comes back", async () => {
    const own = packet(parseMac("52:54:00:00:00:fe"), MessageType.discover);
    expect(await server.answer({ bytes: own, port: 67, from: { address: station, port: 68 } })).toBeNull();
    expect(notices).toEqual([]);
    expect(server.counters()).toEqual({});
  });
});
