import { describe, expect, it } from "vitest";
import { type Explanation, explain } from "../../src/explain/explain.ts";
import { ByteWriter } from "../../src/wire/bytes.ts";
import { Boot, DEVICE } from "./boot.ts";
import { memorySource } from "./memory-source.ts";
import { SCENES } from "./scenes.ts";
import { ipv4Bytes, Pcapng, pcapBytes, type WireFrame } from "./wire.ts";

const boot = () => new Boot().image().later(15_000).agent();
const frames = boot().frames;
const ticks = (at: number, perMillisecond: number) => BigInt(Math.round(at * perMillisecond));

/** What was seen, without what a kind of capture may not have: MAC addresses, parts of a millisecond. */
function story(bytes: Uint8Array) {
  const explanation = explain(memorySource(bytes));
  expect(explanation.damage).toBeNull();
  return explanation.devices.map(({ attempts }) =>
    attempts.map(({ firmware, seen, findings }) => ({
      firmware,
      seen: seen.map(({ from, to, at, endedAt, ...rest }) => ({
        ...{ ...rest, at: Math.round(at), endedAt: Math.round(endedAt) },
        ...{ from: [from.address, from.port], to: [to.address, to.port] },
      })),
      findings: findings.map(({ reason }) => reason),
    })),
  );
}

const expected = story(pcapBytes(frames));
const each = (change: (bytes: Uint8Array) => Uint8Array): WireFrame[] =>
  frames.map(({ at, bytes }) => ({ at, bytes: change(bytes) }));
const tagged = (bytes: Uint8Array, ...tags: [type: number, vlan: number][]) => {
  const writer = new ByteWriter().put(bytes.subarray(0, 12));
  for (const [type, vlan] of tags) writer.u16be(type).u16be(vlan);
  return writer.put(bytes.subarray(12)).done();
};
const cooked = (bytes: Uint8Array) =>
  new ByteWriter().u16be(0).u16be(1).u16be(6).put(bytes.subarray(6, 12)).zeros(2).put(bytes.subarray(12)).done();
const cooked2 = (bytes: Uint8Array) =>
  new ByteWriter()
    .put(bytes.subarray(12, 14))
    .zeros(2)
    .u32be(2)
    .u16be(1)
    .u8(0)
    .u8(6)
    .put(bytes.subarray(6, 12))
    .zeros(2)
    .put(bytes.subarray(14))
    .done();

describe("the same boot is read the same from", () => {
  it("a capture that has it all", () => {
    expect(expected).toHaveLength(1);
    expect(expected[0]![0]!.seen.length).toBeGreaterThan(10);
    expect(expected[0]![0]!.findings).toEqual([]);
  });

  it.each([
    ["pcap, big-endian", { big: true }],
    ["pcap with nanoseconds", { nanoseconds: true }],
    ["pcap, big-endian with nanoseconds", { big: true, nanoseconds: true }],
    ["pcap with a snap length of 500", { snapLength: 500 }],
  ])("%s", (_, form) => {
    expect(story(pcapBytes(frames, form))).toEqual(expected);
  });

  it("pcapng, in either byte order and with several resolutions of time", () => {
    for (const big of [false, true])
      for (const [resolution, perMillisecond] of [
        [undefined, 1e3],
        [6, 1e3],
        [9, 1e6],
        [0x80 | 20, 2 ** 20 / 1000],
      ] as const) {
        const file = new Pcapng(big).interface({ linkType: 1, ...(resolution === undefined ? {} : { resolution }) });
        for (const { at, bytes } of frames) file.enhanced(0, ticks(at, perMillisecond), bytes);
        expect(story(file.bytes())).toEqual(expected);
      }
  });

  it("pcapng with several interfaces, of several kinds, and blocks that nobody knows between them", () => {
    const file = new Pcapng()
      .interface({ linkType: 105 })
      .interface({ linkType: 1, resolution: 9 })
      .interface({ linkType: 113 });
    for (const [index, { at, bytes }] of frames.entries()) {
      file.block(0x0000_0bad, (body) => body.put(new Uint8Array(index)));
      if (index % 2 === 0) file.enhanced(1, ticks(at, 1e6), bytes);
      else file.enhanced(2, ticks(at, 1e3), cooked(bytes));
    }
    expect(story(file.bytes())).toEqual(expected);
  });

  it("pcapng with a second section, after which interfaces are counted anew", () => {
    const file = new Pcapng().interface({ linkType: 105 }).section().interface({ linkType: 1 });
    for (const { at, bytes } of frames) file.enhanced(0, ticks(at, 1e3), bytes);
    expect(story(file.bytes())).toEqual(expected);
  });

  it("Linux cooked captures of both versions, and raw IP", () => {
    expect(story(pcapBytes(each(cooked), { linkType: 113 }))).toEqual(expected);
    expect(story(pcapBytes(each(cooked2), { linkType: 276 }))).toEqual(expected);
    for (const linkType of [12, 101, 228])
      expect(
        story(
          pcapBytes(
            each((bytes) => bytes.slice(14)),
            { linkType },
          ),
        ),
      ).toEqual(expected);
  });

  it("frames with a VLAN tag, or two", () => {
    expect(story(pcapBytes(each((bytes) => tagged(bytes, [0x8100, 30]))))).toEqual(expected);
    const double = pcapBytes(each((bytes) => tagged(bytes, [0x88a8, 7], [0x8100, 30])));
    expect(story(double)).toEqual(expected);
    expect(explain(memorySource(double)).vlans).toEqual([7, 30]);
  });

  it("packets with IPv4 options", () => {
    const withOptions = each((bytes) => {
      if (bytes[13] !== 0) return bytes;
      const ends = { from: { address: dotted(bytes, 26) }, to: { address: dotted(bytes, 30) } };
      const packet = ipv4Bytes(ends.from, ends.to, bytes[23]!, bytes.subarray(34), {
        options: Uint8Array.of(1, 1, 1, 0),
      });
      return new ByteWriter().put(bytes.subarray(0, 14)).put(packet).done();
    });
    expect(story(pcapBytes(withOptions))).toEqual(expected);
  });
});

describe("fragmented packets", () => {
  const split = (order: (pieces: WireFrame[]) => WireFrame[], size = 200) =>
    frames.flatMap(({ at, bytes }, identification) => {
      const payload = bytes.subarray(34);
      if (bytes[23] !== 17 || payload.length <= size) return [{ at, bytes }];
      const pieces: WireFrame[] = [];
      for (let offset = 0; offset < payload.length; offset += size) {
        const more = offset + size < payload.length ? 0x2000 : 0;
        const options = { fragment: more | (offset / 8), identification };
        const part = payload.subarray(offset, offset + size);
        const packet = ipv4Bytes({ address: dotted(bytes, 26) }, { address: dotted(bytes, 30) }, 17, part, options);
        pieces.push({ at, bytes: new ByteWriter().put(bytes.subarray(0, 14)).put(packet).done() });
      }
      return order(pieces);
    });
  const withoutFrames = (all: ReturnType<typeof story>) =>
    JSON.stringify(all, (key, value) => (key === "frames" || key === "fragmented" ? undefined : value));

  it("are put together, in order or not, and twice over", () => {
    for (const order of [
      (pieces: WireFrame[]) => pieces,
      (pieces: WireFrame[]) => pieces.toReversed(),
      (pieces: WireFrame[]) => [pieces[0]!, ...pieces],
    ])
      expect(withoutFrames(story(pcapBytes(split(order))))).toEqual(withoutFrames(expected));
  });

  it("T16: that never become whole are forgotten, and cost no more than a bounded number of others", () => {
    const flood = Array.from({ length: 3000 }, (_, identification) => {
      const packet = ipv4Bytes(DEVICE, DEVICE, 17, new Uint8Array(1400), { fragment: 0x2000, identification });
      return { at: frames[0]!.at, bytes: new ByteWriter().zeros(12).u16be(0x0800).put(packet).done() };
    });
    expect(withoutFrames(story(pcapBytes([...flood, ...split((pieces) => pieces)])))).toEqual(withoutFrames(expected));
  });
});

describe("a simple packet block", () => {
  it("has no time of its own, and is read all the same", () => {
    const file = new Pcapng().interface({ linkType: 1 });
    for (const { bytes } of frames) file.simple(bytes);
    const { devices, damage }: Explanation = explain(memorySource(file.bytes()));
    expect(damage).toBeNull();
    expect(devices[0]!.attempts[0]!.seen.filter(({ what }) => what === "load").length).toBeGreaterThan(3);
  });
});

describe("a load of several hundred thousand blocks", () => {
  it("is counted on past 65,535", () => {
    const wire = new Boot().exchanged("big.wim");
    wire.load("big.wim", 1024, { blocks: 200_000, step: 20_000, options: [["blksize", "1024"]] });
    const [load] = explain(memorySource(wire.pcap())).devices[0]!.attempts[0]!.seen.filter(
      (each) => each.what === "load",
    );
    expect(load).toMatchObject({ lastBlock: 200_000, bytes: 199_999 * 1024 + 100, ending: "finished" });
  });
});

describe("every scene", () => {
  it("is told the same way in pcapng", () => {
    for (const scene of Object.values(SCENES)) {
      const file = new Pcapng().interface({ linkType: 1 });
      for (const { at, bytes } of scene().frames) file.enhanced(0, ticks(at, 1e3), bytes);
      expect(story(file.bytes())).toEqual(story(pcapBytes(scene().frames)));
    }
  });
});

function dotted(bytes: Uint8Array, offset: number) {
  return bytes.subarray(offset, offset + 4).join(".") as typeof DEVICE.address;
}
