import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodePacket, encodePacket, senderMac } from "../../src/dhcp/packet.ts";
import { OptionCode } from "../../src/dhcp/registry.ts";
import { MalformedError } from "../../src/wire/malformed.ts";
import { readCapture, readCaptures } from "../capture-file.ts";
import { readVectors } from "../vector-file.ts";
import { dhcpPacket } from "./arbitrary-packet.ts";
import { printPacket } from "./print-packet.ts";

const encodable = dhcpPacket.filter((packet) => encodePacket(packet).length <= 4096);

describe("a DHCP packet", () => {
  it("comes back as it was encoded", () => {
    fc.assert(
      fc.property(encodable, (packet) => {
        expect(decodePacket(encodePacket(packet))).toEqual(packet);
      }),
    );
  });

  it("is decoded, or refused as malformed, whatever its bytes are", () => {
    const tail = fc.uint8Array({ maxLength: 400 });
    const header = readCapture("dhcp", "ovmf-discover").bytes.subarray(0, 240);
    const afterHeader = tail.map((bytes) => Buffer.concat([header, bytes]));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), afterHeader), (bytes) => {
        try {
          decodePacket(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("of a real program survives any one byte changed without another error than malformed", () => {
    const { bytes } = readCapture("dhcp", "ovmf-discover");
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(change, ([at, value]) => {
        try {
          decodePacket(bytes.with(at, value));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("loses one option of the wrong size, says so, and keeps every other", () => {
    const sized = [1, 50, 51, 53, 54, 93];
    const size = fc.integer({ min: 0, max: 13 }).filter((length) => ![1, 2, 4, 6, 8, 10, 12].includes(length));
    fc.assert(
      fc.property(encodable, fc.constantFrom(...sized), size, (packet, code, length) => {
        const { options, ...header } = packet;
        const name = (Object.keys(OptionCode) as (keyof typeof OptionCode)[]).find((key) => OptionCode[key] === code)!;
        const { [name as keyof typeof options]: _, ...others } = options;
        const whole = encodePacket({ ...header, options: others });
        // The options' end, before the zeros up to 300 bytes.
        const damage = Buffer.from([code, length, ...new Uint8Array(length)]);
        const bytes = Buffer.concat([whole.subarray(0, 240), damage, whole.subarray(240)]);
        if (bytes.length > 4096) return;
        const decoded = decodePacket(bytes);
        expect(decoded.damaged?.map((each) => each.code)).toEqual([code]);
        expect(decodePacket(encodePacket(decoded))).toEqual({ ...header, options: others });
      }),
    );
  });

  it("keeps no view of the datagram it was read from", () => {
    const bytes = new Uint8Array(readCapture("dhcp", "ovmf-discover").bytes);
    const packet = decodePacket(bytes);
    const before = printPacket(packet);
    bytes.fill(0xee);
    expect(printPacket(packet)).toBe(before);
  });

  it("has at least 300 bytes, the message type first and the relay agent's option last", () => {
    const packet = decodePacket(readCapture("dhcp", "ovmf-discover").bytes);
    const relayAgentInformation = Uint8Array.of(1, 1, 7);
    const bytes = encodePacket({
      ...packet,
      options: { relayAgentInformation, bootfileName: "x", dhcpMessageType: 2 },
    });
    expect(bytes.length).toBe(300);
    expect([...bytes.subarray(240, 253)]).toEqual([53, 1, 2, 67, 1, 0x78, 0, 82, 3, 1, 1, 7, 255]);
  });

  it("cannot be written with a name that is too long for its field, nor with a raw option that has a name", () => {
    const packet = decodePacket(readCapture("dhcp", "ovmf-discover").bytes);
    expect(() => encodePacket({ ...packet, file: "x".repeat(128) })).toThrow(RangeError);
    expect(() => encodePacket({ ...packet, sname: "a\0b" })).toThrow(RangeError);
    for (const code of [0, 52, 53, 255]) {
      const other = new Map([[code, Uint8Array.of(1)]]);
      expect(() => encodePacket({ ...packet, options: { other } })).toThrow(RangeError);
    }
  });

  it("names its sender only on Ethernet", () => {
    const packet = decodePacket(readCapture("dhcp", "ovmf-discover").bytes);
    expect(senderMac(packet)).toBe("52:54:00:12:34:56");
    expect(senderMac({ ...packet, htype: 32 })).toBeNull();
    expect(senderMac({ ...packet, hlen: 8 })).toBeNull();
  });
});

describe("captured from real programs", () => {
  for (const { name, what, bytes, decoded } of readCaptures("dhcp")) {
    it(`${name}: ${what}`, () => {
      const packet = decodePacket(bytes);
      expect(printPacket(packet)).toBe(decoded);
      expect(decodePacket(encodePacket(packet))).toEqual(packet);
    });
  }
});

describe("odd and hostile packets", () => {
  for (const { name, why, expect: expected, shows, bytes } of readVectors("dhcp")) {
    it(`${name} ${expected === "malformed" ? "is refused" : "is read"}: ${why}`, () => {
      if (expected === "malformed") {
        expect(() => decodePacket(bytes)).toThrow(MalformedError);
      } else {
        expect(expected).toBe("decodes");
        expect(printPacket(decodePacket(bytes)).split("\n")).toEqual(expect.arrayContaining([...shows]));
      }
    });
  }
});
