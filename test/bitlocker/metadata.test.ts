import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readMetadata } from "../../src/bitlocker/metadata.ts";
import { LAYOUT_ENCRYPT_ON_WRITE } from "../../src/bitlocker/registry.ts";
import { type Guid, guidToBytes } from "../../src/wire/guid.ts";
import { MalformedError } from "../../src/wire/malformed.ts";
import { type MemoryVolume, memoryVolume, readerOf } from "./memory-volume.ts";

const volume = memoryVolume([{ type: "startup-key" }, { type: "clear-key" }]);
const [first, second, third] = readMetadata(volume.read).metadataOffsets as [number, number, number];

/** A copy of the volume with all three metadata blocks changed alike, and their CRC-32 made right again. */
function altered(change: (block: DataView) => void, base: MemoryVolume = volume) {
  const disk = base.disk.slice();
  for (const offset of [first, second, third]) {
    const area = new DataView(disk.buffer, offset, 64 * 1024);
    change(area);
    const size = area.getUint16(8, true) * 16;
    if (size + 8 <= 64 * 1024) area.setUint32(size + 4, crc32(disk.subarray(offset, offset + size)), true);
  }
  return readerOf(disk);
}

describe("the metadata of a BitLocker volume", () => {
  it("names volume, method, state and every key protector in order", () => {
    const metadata = readMetadata(volume.read);
    expect(metadata).toMatchObject({
      volumeGuid: volume.volumeGuid,
      method: "aes-xts-128",
      state: "suspended",
      created: 1_721_361_600,
      description: "CRASHTEST C: 7/19/2024",
      encryptedBytes: volume.bytes,
      block: 1,
    });
    const listed = metadata.protectors.map(({ protectorId, type, changed }) => ({ protectorId, type, changed }));
    const written = volume.protectors.map(({ protectorId, type }) => ({ protectorId, type, changed: 1_721_361_600 }));
    expect(listed).toEqual(written);
  });

  it("is read from the second and third block when those before are damaged, and from none when all are", () => {
    const disk = volume.disk.slice();
    disk[first + 200]! ^= 1;
    expect(readMetadata(readerOf(disk)).block).toBe(2);
    disk.fill(0, second, second + 4096);
    expect(readMetadata(readerOf(disk)).block).toBe(3);
    disk[third + 20]! ^= 1;
    expect(() => readMetadata(readerOf(disk))).toThrow(MalformedError);
  });

  it.each([
    [4, 4, "suspended"],
    [2, 4, "encrypting"],
    [5, 4, "encrypting"],
    [1, 4, "encrypting"],
    [2, 1, "decrypting"],
    [5, 1, "decrypting"],
    [4, 1, "decrypting"],
    [1, 1, "unsupported"],
    [9, 4, "unsupported"],
  ])("with conversion states %i now and %i next means %s", (current, next, state) => {
    const read = altered((block) => {
      block.setUint16(12, current, true);
      block.setUint16(14, next, true);
    });
    expect(readMetadata(read)).toMatchObject({ state, currentState: current, nextState: next });
  });

  it("without a clear key means encrypted", () => {
    expect(readMetadata(memoryVolume([{ type: "startup-key" }]).read).state).toBe("encrypted");
  });

  it("in the encrypt-on-write layout means encrypting", () => {
    const disk = volume.disk.slice();
    disk.set(guidToBytes(LAYOUT_ENCRYPT_ON_WRITE as Guid), 160);
    expect(readMetadata(readerOf(disk)).state).toBe("encrypting");
  });

  it.each([
    [0x8000, "aes-cbc-128-diffuser"],
    [0x8003, "aes-cbc-256"],
    [0x8005, "aes-xts-256"],
    [0x8006, "unknown"],
  ])("with encryption method %i is still read, as %s", (number, method) => {
    expect(readMetadata(altered((block) => block.setUint16(64 + 36, number, true))).method).toBe(method);
  });

  it.each([
    ["a volume without the signature", (disk: Uint8Array) => disk.fill(0, 3, 11)],
    ["a Windows Vista volume", (disk: Uint8Array) => disk.fill(0x52, 1, 2)],
    ["metadata offsets past any disk's end", (disk: Uint8Array) => disk.fill(0xff, 176, 200)],
    ["sectors of an odd size", (disk: Uint8Array) => disk.fill(3, 11, 12)],
  ])("is malformed in %s", (_, spoil) => {
    const disk = volume.disk.slice();
    spoil(disk);
    expect(() => readMetadata(readerOf(disk))).toThrow(MalformedError);
  });

  it("is malformed when the volume ends early, wherever it ends", () => {
    const edges = fc.integer({ min: 0, max: first + 600 });
    fc.assert(
      fc.property(edges, (length) => {
        expect(() => readMetadata(readerOf(volume.disk.subarray(0, length)))).toThrow(MalformedError);
      }),
    );
  });

  it("with any bytes changed either is read or is a MalformedError, even when its CRC-32 is right", () => {
    const changes = fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(changes, (bytes) => {
        const read = altered((block) => {
          for (const [at, value] of bytes) block.setUint8(at, value);
        });
        try {
          expect(readMetadata(read).protectors).toBeInstanceOf(Array);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("shows no clear key when printed", () => {
    const clear = readMetadata(volume.read).protectors[1]!.clearKey!;
    expect(JSON.stringify(readMetadata(volume.read).protectors.map(({ clearKey }) => clearKey))).toBe(
      '[null,"[secret]"]',
    );
    expect(clear.reveal()).toHaveLength(32);
  });
});
