import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CpioEntry, decodeCpio, encodeCpio } from "../../src/wire/cpio.ts";
import { MalformedError } from "../../src/wire/malformed.ts";

const part = fc.stringMatching(/^[A-Za-z0-9._ -]{1,12}$/).filter((text) => text !== "." && text !== "..");
const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
const mode = fc.integer({ min: 0, max: 0o7777 });
const number = fc.integer({ min: 0, max: 0xffffffff });
const entry: fc.Arbitrary<CpioEntry> = fc.oneof(
  fc.record({ kind: fc.constant("directory" as const), path, mode }),
  fc.record({ kind: fc.constant("file" as const), path, mode, bytes: fc.uint8Array({ maxLength: 40 }) }),
  fc.record({ kind: fc.constant("symlink" as const), path, to: fc.stringMatching(/^[a-z/.]{1,20}$/) }),
  fc.record({ kind: fc.constant("character-device" as const), path, mode, major: number, minor: number }),
);

const sample: CpioEntry[] = [
  { kind: "directory", path: "etc", mode: 0o755 },
  { kind: "file", path: "etc/session", mode: 0o600, bytes: Buffer.from("TOKEN=x\n") },
];

describe("cpio", () => {
  test("what was encoded decodes to the same entries, in the same order", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), (entries) => {
        const decoded = decodeCpio(encodeCpio(entries)).map((each) =>
          each.kind === "file" ? { ...each, bytes: new Uint8Array(each.bytes) } : each,
        );
        expect(decoded).toEqual(entries);
      }),
    );
  });

  test("an archive's length is a multiple of 512, so that another archive can follow", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), (entries) => {
        expect(encodeCpio(entries).length % 512).toBe(0);
      }),
    );
  });

  test("any bytes decode or are refused as malformed", () => {
    const archive = encodeCpio(sample);
    const flip = fc.record({ at: fc.nat(archive.length - 1), to: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(fc.array(flip, { minLength: 1, maxLength: 4 }), fc.nat(archive.length), (flips, length) => {
        const bytes = archive.slice(0, Math.max(1, length));
        for (const { at, to } of flips) if (at < bytes.length) bytes[at] = to;
        try {
          decodeCpio(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
        }
      }),
    );
  });

  test("every header field is eight hexadecimal digits and each part begins on a multiple of four", () => {
    const archive = Buffer.from(encodeCpio(sample));
    expect(archive.toString("latin1", 0, 110)).toBe(
      `070701${"00000001"}${"000041ED"}${"00000000".repeat(2)}${"00000002"}${"00000000".repeat(6)}${"00000004"}${"00000000"}`,
    );
    expect(archive.indexOf("070701", 1) % 4).toBe(0);
    expect(archive.indexOf("TOKEN") % 4).toBe(0);
  });

  test.each(["/etc/passwd", "../up", "a/../b", "a//b", "", ".", "a\0b", "TRAILER!!!"])(
    "a path %j is not written",
    (bad) => {
      expect(() => encodeCpio([{ kind: "directory", path: bad, mode: 0o755 }])).toThrow(RangeError);
    },
  );

  test.each(["/etc", "../e", "e//f"])("a path %j is not read", (bad) => {
    const archive = Buffer.from(encodeCpio([{ kind: "directory", path: "x".repeat(bad.length), mode: 0o755 }]));
    archive.write(bad, archive.indexOf("x".repeat(bad.length)), "latin1");
    expect(() => decodeCpio(archive)).toThrow("cpio path is not relative and canonical");
  });

  test("bytes after the trailer are refused, zeros are not", () => {
    const archive = encodeCpio(sample);
    const longer = new Uint8Array(archive.length + 512);
    longer.set(archive);
    expect(decodeCpio(longer)).toHaveLength(2);
    longer[archive.length + 3] = 1;
    expect(() => decodeCpio(longer)).toThrow("bytes after the cpio trailer");
  });

  test("an archive without its trailer is refused", () => {
    const archive = encodeCpio(sample);
    const end = Buffer.from(archive).indexOf("TRAILER") - 110;
    expect(() => decodeCpio(archive.subarray(0, end))).toThrow("ends without its trailer");
  });
});
