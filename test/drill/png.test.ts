import { inflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pngFromPpm } from "../../src/drill/lab/png.ts";
import { MalformedError } from "../../src/wire/malformed.ts";

/** The pixels of a PNG as pngFromPpm writes it: chunks in order, filter 0, palette or true colour. */
function pixelsOf(png: Buffer): number[] {
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    chunks.set(png.toString("latin1", at + 4, at + 8), png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const info = chunks.get("IHDR")!;
  const [width, height, kind] = [info.readUInt32BE(0), info.readUInt32BE(4), info[9]];
  const rows = inflateSync(chunks.get("IDAT")!);
  const perPixel = kind === 3 ? 1 : 3;
  const pixels: number[] = [];
  for (let row = 0; row < height; row++) {
    const start = row * (width * perPixel + 1);
    expect(rows[start]).toBe(0);
    const line = rows.subarray(start + 1, start + 1 + width * perPixel);
    if (kind === 2) pixels.push(...line);
    else for (const index of line) pixels.push(...chunks.get("PLTE")!.subarray(index * 3, index * 3 + 3));
  }
  return pixels;
}

const picture = fc
  .record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 20 }), few: fc.boolean() })
  .chain(({ width, height, few }) =>
    fc.record({
      width: fc.constant(width),
      height: fc.constant(height),
      pixels: fc.array(fc.integer({ min: 0, max: few ? 1 : 255 }), {
        minLength: width * height * 3,
        maxLength: width * height * 3,
      }),
    }),
  );

describe("a screen picture", () => {
  test("keeps every pixel from PPM to PNG", () => {
    fc.assert(
      fc.property(picture, ({ width, height, pixels }) => {
        const ppm = Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), Uint8Array.from(pixels)]);
        expect(pixelsOf(Buffer.from(pngFromPpm(ppm)))).toEqual(pixels);
      }),
    );
  });

  test("that ends early is malformed, not a shorter picture", () => {
    expect(() => pngFromPpm(Buffer.from("P6\n2 2\n255\nabc"))).toThrow(MalformedError);
    expect(() => pngFromPpm(Buffer.from("P5\n1 1\n255\na"))).toThrow(MalformedError);
  });
});
