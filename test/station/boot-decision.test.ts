import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newArrivals } from "../../src/boot/arrivals.ts";
import { exchangeOf } from "../../src/boot/exchange.ts";
import { parseLeaseRange } from "../../src/boot/lease-range.ts";
import { arm, halt } from "../../src/campaign/command.ts";
import { type DhcpPacket, encodePacket } from "../../src/dhcp/packet.ts";
import { BROADCAST_FLAG, ETHERNET, MessageType, Op } from "../../src/dhcp/registry.ts";
import { recognise } from "../../src/fleet/inventory.ts";
import { isHostName, machineOf } from "../../src/fleet/machine.ts";
import { parseInventory } from "../../src/fleet/read-inventory.ts";
import type { NewEntry } from "../../src/ledger/entry.ts";
import { sessionOf } from "../../src/rescue/session.ts";
import { type BootDecision, type BootMemory, decideBoot, newBootMemory } from "../../src/station/boot-decision.ts";
import { readQuestion } from "../../src/station/boot-question.ts";
import type { DhcpPort } from "../../src/station/dhcp-datagram.ts";
import { Leases } from "../../src/station/leases.ts";
import { proofDue } from "../../src/station/sighted.ts";
import { foldStation, newStationState, type StationState } from "../../src/station/state.ts";
import { type Guid, guidToBytes, parseGuid } from "../../src/wire/guid.ts";
import { ANY_ADDRESS, type Ipv4, parseIpv4 } from "../../src/wire/ipv4.ts";
import { type MacAddress, macToBytes, parseMac } from "../../src/wire/mac.ts";
import { EXAMPLES, entryOf, event } from "../ledger/event.ts";

const station = parseIpv4("10.99.0.2");
const served = { name: "eth0", address: station, netmask: parseIpv4("255.255.255.0"), mac: parseMac("5254000000fe") };
const lan = { served, httpPort: 80, images: new Set(["x64" as const]), uefiLoader: "shim" as const };
const KNOWN = parseMac("52:54:00:00:00:01");
const DEVICES = [KNOWN, parseMac("52:54:00:00:00:02"), parseMac("52:54:00:00:00:03")];
const ADDRESSES = [ANY_ADDRESS, ...["10.99.0.50", "10.99.0.51", "127.0.0.1"].map(parseIpv4)];
const PXE = "PXEClient:Arch:00007:UNDI:003000";

/** A ledger in memory: what a durable one would hold, folded. */
class Story {
  readonly state: StationState = newStationState();
  readonly entries: NewEntry[] = [];
  readonly #commands = new Set<string>();

  append(entry: NewEntry, at: number): void {
    if (this.#commands.has(entry.commandId)) return;
    this.#commands.add(entry.commandId);
    this.entries.push(entry);
    foldStation(this.state, entryOf(entry.body, { ...entry, at, seq: this.entries.length }));
  }
}

interface Also {
  readonly uuid?: Guid | null;
  readonly macs?: readonly MacAddress[];
  readonly session?: string;
}

type Unknown = "confirm" | "auto" | "hold";

function armed(unknown: Unknown, story = new Story()): Story {
  const campaign = { campaign: "c", remedy: "r", remedySha256: "0".repeat(64), document: {} };
  const devices = parseInventory(`name,mac\nPC-1,${KNOWN}\n`);
  story.append(
    arm(story.state.campaign, { ...campaign, unknown, hibernated: "stop", devices }, "operator:t") as NewEntry,
    0,
  );
  return story;
}

/** A device whose rescue was reported. `also`: what its agent said of it, where that matters. */
function rescued(
  story: Story,
  device: MacAddress,
  at: number,
  { uuid = null, macs = [device], session = `s-${device}` }: Also = {},
): void {
  const byStation = (body: NewEntry["body"]) =>
    story.append({ body, actor: "station", commandId: `${body.type}${session}` }, at);
  const { machine } = EXAMPLES["session.opened"];
  const [tokenHash, secretHash] = [`t-${session}`, `h-${session}`];
  const ids = { session, device, address: parseIpv4("10.99.0.50"), tokenHash, secretHash };
  byStation(event("session.opened", { ...ids, machine: { ...machine, uuid, macs } }));
  byStation(event("session.reported", { session, device }));
}

interface Said {
  readonly device: MacAddress;
  readonly kind: number;
  readonly port: DhcpPort;
  readonly from: Ipv4;
  readonly ciaddr: Ipv4;
  readonly vendor: string;
  readonly xid: number;
  readonly wants: Ipv4 | undefined;
  readonly server: Ipv4 | undefined;
  readonly uuid?: Guid;
  readonly hostName?: string;
}

const FIRST: Said = {
  ...{
    device: KNOWN,
    kind: MessageType.discover,
    port: 67,
    from: ANY_ADDRESS,
    ciaddr: ANY_ADDRESS,
    vendor: PXE,
    xid: 1,
  },
  ...{ wants: undefined, server: undefined },
};

const said: fc.Arbitrary<Said> = fc.record({
  device: fc.constantFrom(...DEVICES, served.mac),
  kind: fc.constantFrom(...Object.values(MessageType)),
  port: fc.constantFrom<DhcpPort>(67, 4011),
  from: fc.constantFrom(...ADDRESSES),
  ciaddr: fc.constantFrom(...ADDRESSES),
  vendor: fc.constantFrom(
    PXE,
    "HTTPClient:Arch:00016:UNDI:003000",
    "PXEClient:Arch:00006",
    "MSFT 5.0",
    "udhcp",
    "breakglass",
    "",
  ),
  xid: fc.integer({ min: 1, max: 4 }),
  wants: fc.constantFrom(undefined, ...ADDRESSES, parseIpv4("10.99.0.100")),
  server: fc.constantFrom(undefined, station, parseIpv4("10.99.0.1")),
});

function datagramOf({ device, kind, port, from, ciaddr, vendor, xid, wants, server, uuid, hostName }: Said) {
  const chaddr = new Uint8Array(16);
  chaddr.set(macToBytes(device));
  const architecture = Number(/Arch:([0-9]+)/.exec(vendor)?.[1] ?? 7);
  const options = {
    ...{ dhcpMessageType: kind, vendorClassIdentifier: vendor, clientSystemArchitecture: [architecture] },
    ...(wants === undefined ? {} : { requestedIpAddress: wants }),
    ...(server === undefined ? {} : { serverIdentifier: server }),
    ...(uuid === undefined ? {} : { clientMachineIdentifier: Uint8Array.of(0, ...guidToBytes(uuid)) }),
    ...(hostName === undefined ? {} : { hostName }),
  };
  const packet: DhcpPacket = {
    ...{ op: Op.bootRequest, ...ETHERNET, hops: 0, xid, secs: 0, flags: BROADCAST_FLAG, sname: "", file: "" },
    ...{ ciaddr, yiaddr: ANY_ADDRESS, siaddr: ANY_ADDRESS, giaddr: ANY_ADDRESS, chaddr, options },
  };
  return { bytes: encodePacket(packet), port, from: { address: from, port: port === 67 ? 68 : 4011 } };
}

/** The decision, or null for what is not looked at. Its entries are in the story afterwards, with what they prove. */
function hear(story: Story, memory: BootMemory, what: Said, now: number): BootDecision | null {
  const question = readQuestion(datagramOf(what), { ownMacs: new Set([served.mac]), leases: memory.leases !== null });
  if ("count" in question) return null;
  const decision = decideBoot({ question, view: story.state, memory, lan, now });
  for (const entry of decision.entries) {
    story.append(entry, now);
    const { session = "" } = entry.body.type === "device.sighted" ? entry.body : {};
    const due = proofDue(story.state.sessions, session, story.state.seq);
    if (due !== null) story.append(due, now);
  }
  return decision;
}

const memoryOf = (story: Story, leasing: boolean): BootMemory => {
  const leases = leasing ? new Leases(served, parseLeaseRange("10.99.0.100-10.99.0.109"), story.state) : null;
  leases?.open();
  return newBootMemory(leases, newArrivals());
};

const steps = fc.array(fc.tuple(said, fc.constantFrom(0, 1_000, 61_000, 100_000)), { maxLength: 40 });
const setting = fc.record({ unknown: fc.constantFrom<Unknown>("confirm", "auto", "hold"), leasing: fc.boolean() });

/** Lets a station hear all of it, from a campaign that was just armed, with one device that was rescued before. */
function live(
  { unknown, leasing }: { unknown: Unknown; leasing: boolean },
  all: readonly (readonly [Said, number])[],
  each: (decision: BootDecision, what: Said, story: Story, now: number) => void = () => {},
): readonly (BootDecision | null)[] {
  const story = armed(unknown);
  rescued(story, DEVICES[1]!, 1_000);
  const memory = memoryOf(story, leasing);
  let now = 10_000;
  return all.map(([what, pause]) => {
    now += pause;
    const decision = hear(story, memory, what, now);
    if (decision !== null) each(decision, what, story, now);
    return decision;
  });
}

describe("a boot decision, whatever is said to the station", () => {
  it("is the same for the same packets at the same times", () => {
    fc.assert(
      fc.property(setting, steps, (how, all) => {
        expect(live(how, all)).toEqual(live(how, all));
      }),
    );
  });

  it("only looks at what is folded from the ledger", () => {
    fc.assert(
      fc.property(setting, said, ({ unknown, leasing }, what) => {
        const story = armed(unknown);
        rescued(story, DEVICES[1]!, 1_000);
        const memory = memoryOf(story, leasing);
        const before = structuredClone(story.state);
        const question = readQuestion(datagramOf(what), { ownMacs: new Set(), leases: leasing });
        if ("packet" in question) decideBoot({ question, view: story.state, memory, lan, now: 10_000 });
        expect(story.state).toEqual(before);
      }),
    );
  });

  it("replies to the device that asked, in its own transaction, and in the station's name", () => {
    fc.assert(
      fc.property(setting, steps, (how, all) => {
        live(how, all, ({ reply }, { device, xid }) => {
          if (reply === null) return;
          expect(reply.packet).toMatchObject({ op: Op.bootReply, xid, options: { serverIdentifier: station } });
          expect([...reply.packet.chaddr.subarray(0, 6)]).toEqual([...macToBytes(device)]);
          expect(device).not.toBe(served.mac);
        });
      }),
    );
  });

  it("offers nothing, and writes nothing, without a campaign or after a halt", () => {
    fc.assert(
      fc.property(fc.boolean(), steps, (halted, all) => {
        const story = halted ? armed("auto") : new Story();
        if (halted) story.append(halt(story.state.campaign, "stop", "operator:t") as NewEntry, 1);
        const memory = memoryOf(story, false);
        for (const [what] of all) {
          const decision = hear(story, memory, what, 10_000);
          expect([decision?.reply ?? null, decision?.entries ?? []]).toEqual([null, []]);
        }
      }),
    );
  });

  it("names a boot file on port 4011 only to a device whose address is in the ledger by then", () => {
    fc.assert(
      fc.property(setting, steps, (how, all) => {
        live(how, all, ({ reply }, { device, port, from }, story, now) => {
          if (port === 4011 && reply !== null)
            expect(exchangeOf(story.state.boots, from, now)).toMatchObject({ device });
        });
      }),
    );
  });

  it("keeps silent to strangers where the campaign holds them, unless an address that they had is theirs", () => {
    fc.assert(
      fc.property(steps, (all) => {
        live({ unknown: "hold", leasing: true }, all, ({ reply, entries }, { device }) => {
          if (device !== DEVICES[2]) return;
          expect([reply, entries.filter(({ body }) => body.type === "boot.offered")]).toEqual([null, []]);
        });
      }),
    );
  });

  it("keeps silent to a rescued device's firmware until it has relapsed", () => {
    fc.assert(
      fc.property(setting, steps, ({ unknown }, all) => {
        live({ unknown, leasing: false }, all, ({ reply }, { device }, story) => {
          const session = story.state.sessions.byDevice.get(device);
          if (session !== undefined && reply !== null) expect(session.progress).toBe("relapsed");
        });
      }),
    );
  });
});

describe("a rescued device that asks its network again", () => {
  const story = () => {
    const each = armed("auto");
    rescued(each, KNOWN, 1_000);
    return each;
  };
  const typesOf = ({ entries }: Story) => entries.slice(3).map(({ body }) => body.type);

  it("is relapsed at its second network boot, and is offered its boot with that very packet", () => {
    const own = story();
    const memory = memoryOf(own, false);
    expect(hear(own, memory, { ...FIRST, xid: 1 }, 100_000)?.reply).toBeNull();
    expect(hear(own, memory, { ...FIRST, xid: 2 }, 300_000)?.reply).not.toBeNull();
    expect(typesOf(own)).toEqual(["device.sighted", "device.sighted", "device.relapsed"]);
  });

  it("is not seen twice in one transaction: a ROM that always uses one number is left alone", () => {
    const own = story();
    const memory = memoryOf(own, false);
    for (const now of [100_000, 300_000, 500_000]) expect(hear(own, memory, FIRST, now)?.reply).toBeNull();
    expect(typesOf(own)).toEqual(["device.sighted"]);
  });

  it("is confirmed by Windows' own packet", () => {
    const own = story();
    hear(own, memoryOf(own, false), { ...FIRST, vendor: "MSFT 5.0" }, 100_000);
    expect(typesOf(own)).toEqual(["device.sighted", "device.confirmed"]);
  });

  it("is confirmed at a repeated packet, if the station was killed before it could write that down", () => {
    const own = story();
    const body = event("device.sighted", { device: KNOWN, as: "windows" });
    own.append({ body, actor: `device:${KNOWN}`, commandId: `sighted:s-${KNOWN}:windows:1` }, 50_000);
    hear(own, memoryOf(own, false), { ...FIRST, vendor: "MSFT 5.0" }, 100_000);
    expect(typesOf(own)).toEqual(["device.sighted", "device.confirmed"]);
  });
});

describe("an adapter that several machines share", () => {
  const [A, B] = ["11223344-5566-7788-4444-555555555555", "66666666-7777-8888-9999-AAAAAAAAAAAA"].map(parseGuid) as [
    Guid,
    Guid,
  ];
  const WINDOWS = { ...FIRST, vendor: "MSFT 5.0" };
  const story = () => {
    const each = armed("auto");
    rescued(each, KNOWN, 1_000, { uuid: A, session: "a" });
    return each;
  };
  const provedOf = ({ entries }: Story) =>
    entries.flatMap(({ body }) =>
      body.type === "device.confirmed" || body.type === "device.relapsed" ? [`${body.type} ${body.session}`] : [],
    );

  it("boots the second machine although the first is rescued, says so, and calls nobody relapsed", () => {
    const own = story();
    const memory = memoryOf(own, false);
    hear(own, memory, { ...FIRST, port: 4011, kind: MessageType.request, from: ADDRESSES[1]!, uuid: A }, 1_500);
    for (const [index, xid] of [1, 2, 3].entries()) {
      const decision = hear(own, memory, { ...FIRST, xid, uuid: B }, 400_000 + index * 200_000);
      expect(decision?.reply).not.toBeNull();
    }
    expect(provedOf(own)).toEqual([]);
  });

  it("is told to the operator when another machine boots through it", () => {
    const own = story();
    own.append({ body: event("boot.offered", { device: KNOWN, uuid: A }), actor: "station", commandId: "b" }, 500);
    const decision = hear(own, memoryOf(own, false), { ...FIRST, uuid: B }, 100_000);
    expect(decision?.notices.map(({ reason }) => reason)).toContain("shared-adapter");
    const again = hear(own, memoryOf(own, false), { ...FIRST, uuid: A }, 100_000);
    expect(again?.notices.map(({ reason }) => reason)).not.toContain("shared-adapter");
  });

  it("still finds the machine that comes back to the network, in either byte order of its UUID", () => {
    for (const uuid of [A, parseGuid("44332211-6655-8877-4444-555555555555")]) {
      const own = story();
      rescued(own, KNOWN, 2_000, { uuid: B, session: "b" });
      const memory = memoryOf(own, false);
      for (const xid of [1, 2]) hear(own, memory, { ...FIRST, xid, uuid }, xid * 200_000);
      expect(provedOf(own)).toEqual(["device.relapsed a"]);
    }
  });

  it("confirms nobody by a Windows with another name than the rescued device's", () => {
    const own = story();
    const decision = hear(own, memoryOf(own, false), { ...WINDOWS, hostName: "PC-77" }, 100_000);
    expect(provedOf(own)).toEqual([]);
    expect(own.state.sessions.byId.get("a")).toMatchObject({ unproven: true, progress: "reported" });
    expect(decision?.notices.map(({ reason }) => reason)).toEqual(["unproven-windows"]);
    hear(own, memoryOf(own, false), { ...WINDOWS, hostName: "pc-1.corp.example", xid: 2 }, 200_000);
    expect(provedOf(own)).toEqual(["device.confirmed a"]);
  });

  it("confirms nobody by a Windows that could be either of two machines", () => {
    const own = story();
    rescued(own, KNOWN, 2_000, { uuid: B, session: "b" });
    hear(own, memoryOf(own, false), WINDOWS, 100_000);
    hear(own, memoryOf(own, false), { ...WINDOWS, xid: 2, hostName: "PC-1" }, 200_000);
    expect(provedOf(own)).toEqual([]);
  });

  it("takes two network cards of one machine for one device: the second is not booted again, and relapses nothing", () => {
    const own = armed("auto");
    const [first, second] = [DEVICES[1]!, DEVICES[2]!];
    rescued(own, first, 1_000, { uuid: A, macs: [first, second], session: "a" });
    const memory = memoryOf(own, false);
    for (const xid of [1, 2, 3])
      expect(hear(own, memory, { ...FIRST, device: second, xid, uuid: A }, xid * 200_000)?.reply).toBeNull();
    expect(provedOf(own)).toEqual([]);
  });

  it("takes two machines with one UUID for two, as makers ship boards with the same one", () => {
    const own = story();
    const decision = hear(own, memoryOf(own, false), { ...FIRST, device: DEVICES[2]!, uuid: A }, 100_000);
    expect(decision?.reply).not.toBeNull();
  });

  it.each(["00000000-0000-0000-0000-000000000000", "03000200-0400-0500-0006-000700080009"])(
    "tells nobody apart by a UUID that no maker set (%s): the MAC address alone counts",
    (unset) => {
      const own = armed("auto");
      rescued(own, KNOWN, 1_000, { uuid: parseGuid(unset), session: "a" });
      expect(hear(own, memoryOf(own, false), { ...FIRST, uuid: parseGuid(unset) }, 100_000)?.reply).toBeNull();
      expect(hear(own, memoryOf(own, false), { ...FIRST, uuid: B, xid: 2 }, 100_000)?.reply).toBeNull();
    },
  );

  it("T5 whoever sends a victim's MAC address with another UUID is not the victim: its row, its session, its proof", () => {
    const own = armed("hold");
    const devices = parseInventory(`name,mac,uuid\nPC-1,${KNOWN},${A}\n`);
    expect(recognise(devices, { macs: [KNOWN], uuid: B })).toBeNull();
    expect(recognise(devices, { macs: [KNOWN], uuid: A })?.name).toBe("PC-1");
    expect(recognise(devices, { macs: [KNOWN] })?.name).toBe("PC-1");
    rescued(own, KNOWN, 1_000, { uuid: A, session: "victim" });
    rescued(own, KNOWN, 2_000, { uuid: B, session: "thief" });
    expect(sessionOf(own.state.sessions, KNOWN, A)?.session).toBe("victim");
    expect(own.state.sessions.byCard.get(KNOWN)?.map(({ session }) => session)).toEqual(["victim", "thief"]);
  });

  it("names a machine's UUID the same in both byte orders, and compares host names as Windows writes them", () => {
    expect(machineOf(parseGuid("33221100-5544-7766-8899-AABBCCDDEEFF"))).toBe(
      machineOf(parseGuid("00112233-4455-6677-8899-AABBCCDDEEFF")),
    );
    expect(isHostName("LAPTOP-WITH-LON", "laptop-with-long-name")).toBe(true);
    expect(isHostName("LAPTOP", "laptop-with-long-name")).toBe(false);
    expect(isHostName("", "")).toBe(false);
  });
});
