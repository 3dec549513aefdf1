import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ByteSource } from "../../src/explain/capture/byte-source.ts";
import { LONGEST_FRAME } from "../../src/explain/capture/pcap.ts";
import { type Explanation, explain } from "../../src/explain/explain.ts";
import { picture, summary } from "../../src/explain/picture.ts";
import { MalformedError } from "../../src/wire/malformed.ts";
import { Boot } from "./boot.ts";
import { memorySource } from "./memory-source.ts";
import { Pcapng, pcapBytes } from "./wire.ts";

const folder = join(import.meta.dirname, "..", "captures");
const captures = readdirSync(folder)
  .filter((file) => file.endsWith(".pcap"))
  .map((file) => new Uint8Array(readFileSync(join(folder, file))));
const pcapng = new Pcapng().interface({ linkType: 1, resolution: 9 });
for (const { at, bytes } of new Boot().image().frames) pcapng.enhanced(0, BigInt(Math.round(at)) * 1_000_000n, bytes);
const originals = [...captures, pcapng.bytes()];

/** Explains and draws it; null for what is no capture. Anything but that throws. */
function read(bytes: Uint8Array): Explanation | null {
  let explanation: Explanation;
  try {
    explanation = explain(memorySource(bytes));
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
  const drawn = [summary(explanation), ...picture(explanation).map(({ text }) => text)].join("\n");
  expect(drawn).not.toMatch(/NaN|undefined|Infinity/);
  JSON.stringify(explanation);
  const { damage } = explanation;
  if (damage !== null) expect(damage.offset).toBeLessThanOrEqual(bytes.length);
  return explanation;
}

describe("a damaged capture", () => {
  it("is explained up to where it ends, wherever that is", () => {
    for (const bytes of [captures[0]!, pcapng.bytes()]) {
      const whole = read(bytes)!;
      for (let length = 0; length < bytes.length; length += length < 3000 ? 1 : 13) {
        const explanation = read(bytes.subarray(0, length));
        if (length < 24) continue;
        expect(explanation!.frames).toBeLessThanOrEqual(whole.frames);
      }
    }
  });

  it("says at which byte, and keeps what stands before that", () => {
    const bytes = captures[0]!.slice();
    const view = new DataView(bytes.buffer);
    const second = 24 + 16 + view.getUint32(24 + 8, true);
    view.setUint32(second + 8, LONGEST_FRAME + 1, true);
    expect(read(bytes)).toMatchObject({
      frames: 1,
      damage: { offset: second, what: `a frame of ${LONGEST_FRAME + 1} bytes` },
    });
  });

  it("is never a defect: bytes changed, left out, doubled or put in, anywhere", () => {
    const change = fc.record({
      at: fc.nat(),
      kind: fc.constantFrom("flip", "drop", "double", "insert"),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 16 }),
    });
    fc.assert(
      fc.property(fc.nat(originals.length - 1), fc.array(change, { minLength: 1, maxLength: 12 }), (index, changes) => {
        let bytes = Buffer.from(originals[index]!);
        for (const { at, kind, bytes: other } of changes) {
          const from = at % bytes.length;
          const to = Math.min(bytes.length, from + other.length);
          if (kind === "flip") bytes.set(other.subarray(0, to - from), from);
          else if (kind === "drop") bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
          else if (kind === "double") bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
          else bytes = Buffer.concat([bytes.subarray(0, from), other, bytes.subarray(from)]);
        }
        read(new Uint8Array(bytes));
      }),
      { numRuns: 600 },
    );
  });

  it("is never a defect: frames of any bytes, as any kind of network", () => {
    const frame = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .tuple(fc.nat(originals.length - 2), fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.nat(400))
        .map(([index, other, at]) => {
          const bytes = originals[index]!.slice(40, 440);
          bytes.set(other.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length));
          return bytes;
        }),
    );
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 30 }), fc.constantFrom(0, 1, 101, 113, 228, 276), (frames, linkType) => {
        const timed = frames.map((bytes, index) => ({ at: 1_795_492_800_000 + index * 700, bytes }));
        expect(read(pcapBytes(timed, { linkType }))).toMatchObject({ damage: null, frames: frames.length });
      }),
      { numRuns: 300 },
    );
  });

  it("is never a defect: any bytes at all", () => {
    const magics = [[], [0xd4, 0xc3, 0xb2, 0xa1], [0xa1, 0xb2, 0x3c, 0x4d], [0x0a, 0x0d, 0x0d, 0x0a]];
    fc.assert(
      fc.property(fc.constantFrom(...magics), fc.uint8Array({ maxLength: 300 }), (magic, rest) => {
        read(Uint8Array.from([...magic, ...rest]));
      }),
      { numRuns: 1000 },
    );
  });

  it("whose clock jumps back and forth is read to its end", () => {
    const frames = new Boot()
      .image()
      .frames.map(({ bytes }, index) => ({ at: index % 3 === 0 ? 5 : 1e12 - index * 1e6, bytes }));
    expect(read(pcapBytes(frames))).toMatchObject({ damage: null, frames: frames.length });
  });
});

describe("T16: a capture of any size", () => {
  /** A file that is never in memory: one boot, then the same frames again and again. */
  function endless(frames: readonly Uint8Array[], total: number): ByteSource & { readonly most: number } {
    const pieces = pcapBytes(frames.map((bytes, index) => ({ at: 1_795_492_800_000 + index, bytes })));
    let [offset, most] = [0, 0];
    const read = (length: number) => {
      const count = Math.min(length, total - offset);
      most = Math.max(most, count);
      const bytes = new Uint8Array(count);
      for (let at = 0; at < count; at++) {
        const place = offset + at;
        bytes[at] = place < 24 ? pieces[place]! : pieces[24 + ((place - 24) % (pieces.length - 24))]!;
      }
      offset += count;
      return bytes;
    };
    return {
      get offset() {
        return offset;
      },
      get most() {
        return most;
      },
      take: read,
      skip: (length) => read(length).length,
    };
  }

  it("is read a little at a time", () => {
    const frames = new Boot().image().frames.map(({ bytes }) => bytes);
    const source = endless(frames, 8 * 1024 * 1024);
    const explanation = explain(source);
    expect(explanation.frames).toBeGreaterThan(10_000);
    expect(source.most).toBeLessThan(LONGEST_FRAME);
    expect(JSON.stringify(explanation).length).toBeLessThan(2 * 1024 * 1024);
  });

  it("with made-up MAC addresses keeps a bounded number of devices, the last ones, and says how many it left out", () => {
    const flood = new Boot();
    for (let made = 0; made < 10_000; made++) {
      const mac = `02:00:00:00:${(made >> 8).toString(16).padStart(2, "0")}:${(made & 0xff).toString(16).padStart(2, "0")}`;
      flood.device = { ...flood.device, mac: mac as typeof flood.device.mac };
      flood.later(1).discover();
    }
    const explanation = explain(memorySource(flood.pcap()));
    expect(explanation.devices.length).toBe(8192);
    expect(explanation.lostDevices).toBe(10_000 - 8192);
    expect(explanation.devices.at(-1)!.name).toBe("02:00:00:00:27:0f");
  });

  it("with one device that asks in ever new words keeps a bounded number of them, and counts the others", () => {
    const flood = new Boot();
    for (let made = 0; made < 3000; made++) {
      flood.xid += 1;
      flood.later(1).discover();
    }
    const [attempt] = explain(memorySource(flood.pcap())).devices[0]!.attempts;
    expect(attempt!.seen.length).toBe(512);
    expect(attempt!.lost).toBe(3000 - 512);
  });
});

describe("what devices send", () => {
  it("cannot speak to the operator's terminal: control characters are spelled out", () => {
    const boot = new Boot().exchanged().notFound("evil\u001b[2J.efi", 1024);
    const drawn = picture(explain(memorySource(boot.somethingLater(10_000).pcap())))
      .map(({ text }) => text)
      .join("\n");
    expect(drawn).toContain("evil\\x1b[2J.efi");
    expect(drawn).not.toContain("\u001b");
  });
});
