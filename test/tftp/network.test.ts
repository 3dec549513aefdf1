import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Edk2Device, OurDevice } from "./devices.ts";
import { type Device, type Fate, LOST, ONCE, type SimulatedOutcome, simulate, TWICE } from "./simulated-network.ts";

interface Sizes {
  readonly blockSize: number;
  readonly windowSize: number;
}
const DEVICES: readonly { readonly name: string; readonly make: (sizes: Sizes) => Device }[] = [
  { name: "our own device", make: (sizes) => new OurDevice(sizes) },
  { name: "a device that answers all it does not expect, as EDK2 does", make: (sizes) => new Edk2Device(sizes) },
];

function expectWhole({ endings, received, file }: SimulatedOutcome): void {
  expect(endings[0]).toEqual({ kind: "finished" });
  expect(Buffer.compare(received, file)).toBe(0);
}

for (const { name, make } of DEVICES) {
  describe(`over a network, to ${name},`, () => {
    it("that loses, repeats and reorders some datagrams the file arrives whole", () => {
      const copies = fc.constantFrom<readonly number[]>(LOST, ONCE, ONCE, ONCE, ONCE, TWICE, [0, 30], [5]);
      // It spares every fourth datagram, so that nobody has a reason to give up; of the first ones every second, since the
      // station sends a device that it has never heard only three.
      const fate: fc.Arbitrary<Fate> = fc
        .array(copies, { maxLength: 200 })
        .map((pattern) => (n) => (n % (n < 8 ? 2 : 4) === 0 ? ONCE : (pattern[n] ?? ONCE)));
      const shape = fc.record({
        fileBytes: fc.nat(6000),
        sizes: fc.record({ blockSize: fc.integer({ min: 8, max: 200 }), windowSize: fc.integer({ min: 1, max: 64 }) }),
        toDevice: fate,
        toStation: fate,
        delay: fc.integer({ min: 1, max: 50 }),
      });
      fc.assert(
        fc.property(shape, ({ sizes, ...network }) => expectWhole(simulate({ ...network, device: make(sizes) }))),
        { numRuns: 300 },
      );
    });

    it("an empty file is one empty block, and a multiple of the block size ends in one (RFC 1350 section 6)", () => {
      for (const blocks of [0, 1, 8]) {
        const outcome = simulate({ fileBytes: 100 * blocks, device: make({ blockSize: 100, windowSize: 4 }) });
        expectWhole(outcome);
        expect(outcome.dataSent).toBe(blocks + 1);
      }
    });

    it("that loses nothing each block is sent once, and block number 65535 is followed by 0, again and again", () => {
      const outcome = simulate({ fileBytes: 8 * 140_000, device: make({ blockSize: 8, windowSize: 7 }) });
      expectWhole(outcome);
      expect(outcome.dataSent).toBe(140_001);
    });

    it("a loss at the roll-over of block numbers is made good", () => {
      for (const lost of [65_534, 65_535, 65_536, 65_537]) {
        const once = (at: number) => (n: number) => (n === at ? LOST : ONCE);
        const device = make({ blockSize: 8, windowSize: 3 });
        expectWhole(simulate({ fileBytes: 8 * 65_550, device, toDevice: once(lost), toStation: once(lost / 3) }));
      }
    });

    it("blocks of 8 and of 65464 bytes arrive whole (RFC 2348)", () => {
      expectWhole(simulate({ fileBytes: 4001, device: make({ blockSize: 8, windowSize: 1 }) }));
      expectWhole(simulate({ fileBytes: 1_000_000, device: make({ blockSize: 65_464, windowSize: 1 }) }));
    });

    it("a window of 65535 that is asked for is not sent: the station's own is (RFC 7440 section 3)", () => {
      const sizes = { blockSize: 8, windowSize: 65_535 };
      const outcome = simulate({ fileBytes: 8 * 1000, device: new OurDevice(sizes) });
      expectWhole(outcome);
      // A request, an ACK of the OACK, and one for each 64 blocks.
      expect(outcome.deviceSent).toBe(2 + Math.ceil(1001 / 64));
    });

    it("that repeats every acknowledgement nothing is sent twice without a window, and little with one (RFC 1123 section 4.2.3.1)", () => {
      const size = { fileBytes: 100_000, toStation: () => TWICE };
      expect(simulate({ ...size, device: make({ blockSize: 100, windowSize: 1 }) }).dataSent).toBe(1001);
      expect(simulate({ ...size, device: make({ blockSize: 100, windowSize: 8 }) }).dataSent).toBeLessThan(1001 * 1.6);
    });

    it("that repeats everything nothing is sent twice without a window, and at most a window per block with one", () => {
      // A repeated block makes EDK2 say the same as a lost one does.
      const size = { fileBytes: 100_000, toDevice: () => TWICE, toStation: () => TWICE };
      expect(simulate({ ...size, device: make({ blockSize: 100, windowSize: 1 }) }).dataSent).toBe(1001);
      expect(simulate({ ...size, device: make({ blockSize: 100, windowSize: 8 }) }).dataSent).toBeLessThan(1001 * 8);
    });

    it("that repeats one datagram in fifty little more is sent", () => {
      const some: Fate = (n) => (n % 50 === 7 ? TWICE : ONCE);
      const size = { fileBytes: 100_000, toDevice: some, toStation: some };
      expect(simulate({ ...size, device: make({ blockSize: 100, windowSize: 8 }) }).dataSent).toBeLessThan(1001 * 1.25);
    });

    it("with one loss in a hundred each way a loss costs milliseconds, not the device's second", () => {
      const lossy: Fate = (n) => (n % 100 === 37 ? LOST : ONCE);
      for (const windowSize of [1, 4, 16, 64]) {
        const device = make({ blockSize: 1000, windowSize });
        const size = { fileBytes: 1_000_000, device, delay: 0.2 };
        const outcome = simulate({ ...size, toDevice: lossy, toStation: lossy });
        expectWhole(outcome);
        expect(outcome.milliseconds).toBeLessThan(1500);
      }
    });
  });
}
