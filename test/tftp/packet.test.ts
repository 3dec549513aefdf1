import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeTftp, encodeTftp, type TftpPacket } from "../../src/tftp/packet.ts";
import { readRequest, refusal } from "../../src/tftp/request.ts";
import { MalformedError } from "../../src/wire/malformed.ts";
import { readCapture, readCaptures } from "../capture-file.ts";
import { readVectors } from "../vector-file.ts";
import { printPacket } from "./print-packet.ts";

const word = fc.integer({ min: 0, max: 0xffff });
const text = fc
  .array(fc.integer({ min: 1, max: 0xff }), { maxLength: 40 })
  .map((codes) => String.fromCharCode(...codes));
const options = fc.array(fc.tuple(text, text), { maxLength: 5 });
const packet: fc.Arbitrary<TftpPacket> = fc.oneof(
  fc.record({ opcode: fc.constantFrom("RRQ", "WRQ"), filename: text, mode: text, options }),
  fc.record({ opcode: fc.constant("DATA"), block: word, data: fc.uint8Array({ maxLength: 600 }) }),
  fc.record({ opcode: fc.constant("ACK"), block: word }),
  fc.record({ opcode: fc.constant("ERROR"), code: word, message: text }),
  fc.record({ opcode: fc.constant("OACK"), options }),
);

it("an ACK that a ROM fills up with bytes is an ACK", () => {
  expect(decodeTftp(Uint8Array.of(0, 4, 1, 2, 0, 0))).toEqual({ opcode: "ACK", block: 0x102 });
});

describe("a TFTP packet", () => {
  it("comes back as it was encoded", () => {
    const short = packet.filter((each) => encodeTftp(each).length <= 512);
    fc.assert(
      fc.property(short, (each) => {
        expect(decodeTftp(encodeTftp(each))).toEqual(each);
      }),
    );
  });

  it("is decoded, or refused as malformed, whatever its bytes are", () => {
    const body = fc.uint8Array({ maxLength: 600 });
    const opened = fc.tuple(fc.nat(7), body).map(([opcode, bytes]) => Uint8Array.from([0, opcode, ...bytes]));
    fc.assert(
      fc.property(fc.oneof(body, opened), (bytes) => {
        try {
          decodeTftp(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("that is an ERROR needs neither message nor NUL: some firmware leaves them out", () => {
    expect(decodeTftp(Uint8Array.of(0, 5, 0, 8))).toEqual({ opcode: "ERROR", code: 8, message: "" });
    expect(decodeTftp(Uint8Array.of(0, 5, 0, 0, 0x78))).toEqual({ opcode: "ERROR", code: 0, message: "x" });
  });

  it("cannot be written with text that would end early", () => {
    expect(() => encodeTftp({ opcode: "ERROR", code: 0, message: "a\0b" })).toThrow(RangeError);
    expect(() => encodeTftp({ opcode: "ERROR", code: 0, message: "€" })).toThrow(RangeError);
  });
});

describe("captured from real programs", () => {
  for (const { name, what, bytes, decoded } of readCaptures("tftp")) {
    it(`${name}: ${what}`, () => {
      const read = decodeTftp(bytes);
      expect(printPacket(read)).toBe(decoded);
      expect(encodeTftp(read)).toEqual(bytes);
    });
  }

  it("the answer to a file that is not there is the one shim went on from", () => {
    expect(refusal("not-found")).toEqual(readCapture("tftp", "station-not-found").bytes);
  });
});

describe("odd and hostile requests", () => {
  for (const { name, why, expect: expected, bytes } of readVectors("tftp")) {
    it(`${name} (${expected}): ${why}`, () => {
      if (expected === "malformed") {
        expect(() => readRequest(bytes)).toThrow(MalformedError);
        return;
      }
      const request = readRequest(bytes);
      const came = "refused" in request ? `refused ${request.refused}` : `asks ${request.name}`;
      expect(came).toBe(expected);
    });
  }

  it("show on a terminal as plain ASCII", () => {
    fc.assert(
      fc.property(text, (filename) => {
        const { name } = readRequest(encodeTftp({ opcode: "RRQ", filename, mode: "octet", options: [] }));
        expect(name).toMatch(/^[ -~]*$/);
      }),
    );
  });
});
