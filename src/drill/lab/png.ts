import { crc32, deflateSync } from "node:zlib";
import { MalformedError } from "../../wire/malformed.ts";

/**
 * A PNG (RFC 2083) of a binary PPM picture (`P6`, 8 bits a channel), which is what every QEMU writes of a device's
 * screen. Screens have few colours: with at most 256 of them the PNG has a palette and is a tenth of the size.
 */
export function pngFromPpm(ppm: Uint8Array): Uint8Array {
  const header = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(Buffer.from(ppm.subarray(0, 64)).toString("latin1"));
  if (header === null) throw new MalformedError("not a binary PPM of 8 bits a channel");
  const [width, height, start] = [Number(header[1]), Number(header[2]), header[0].length];
  const pixels = ppm.subarray(start, start + width * height * 3);
  if (pixels.length !== width * height * 3) throw new MalformedError("PPM ends early", ppm.length);

  const palette = new Map<number, number>();
  const indexed = new Uint8Array(height * (width + 1));
  for (let row = 0, from = 0, to = 0; row < height; row++) {
    to++;
    for (let column = 0; column < width; column++, from += 3) {
      const colour = (pixels[from]! << 16) | (pixels[from + 1]! << 8) | pixels[from + 2]!;
      const index = palette.get(colour) ?? palette.size;
      if (index === palette.size) palette.set(colour, index);
      indexed[to++] = index;
    }
  }
  const small = palette.size <= 256;
  const info = Buffer.alloc(13);
  info.writeUInt32BE(width, 0);
  info.writeUInt32BE(height, 4);
  info.set([8, small ? 3 : 2, 0, 0, 0], 8);
  const colours = [...palette.keys()].flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", info),
    ...(small ? [chunk("PLTE", Uint8Array.from(colours))] : []),
    chunk("IDAT", deflateSync(small ? indexed : unfilteredRows(pixels, width, height), { level: 9 })),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

/** PNG rows start with their filter's number; 0 is none. */
function unfilteredRows(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const rows = new Uint8Array(height * (width * 3 + 1));
  for (let row = 0; row < height; row++)
    rows.set(pixels.subarray(row * width * 3, (row + 1) * width * 3), row * (width * 3 + 1) + 1);
  return rows;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const whole = Buffer.alloc(data.length + 12);
  whole.writeUInt32BE(data.length, 0);
  whole.write(type, 4, "latin1");
  whole.set(data, 8);
  whole.writeUInt32BE(crc32(whole.subarray(4, data.length + 8)), data.length + 8);
  return whole;
}
