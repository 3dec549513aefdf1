import { describe, expect, it } from "vitest";
import { randomGuid } from "../../src/bitlocker/new-volume-keys.ts";
import { FVE_SIGNATURE } from "../../src/bitlocker/registry.ts";
import { encodeGpt, type GptPartition, PartitionType } from "../../src/drill/disk/gpt.ts";
import { findVolumes } from "../../src/drill/disk/volumes.ts";
import { seededRandom } from "../bitlocker/memory-volume.ts";

const MIB = 1024 * 1024;
const random = seededRandom("gpt");

function partition(offset: number, bytes: number): GptPartition {
  return { type: PartitionType.basicData, id: randomGuid(random), name: "Basic data partition", offset, bytes };
}

/** 8 MiB with two partitions, of which the second is a BitLocker volume and the first an NTFS. */
function disk(): Uint8Array {
  const bytes = new Uint8Array(8 * MIB);
  const gpt = encodeGpt(bytes.length, randomGuid(random), [partition(MIB, 2 * MIB), partition(4 * MIB, 3 * MIB)]);
  bytes.set(gpt.head);
  bytes.set(gpt.tail, bytes.length - gpt.tail.length);
  bytes.set(ntfsBootSector(MIB / 512), MIB);
  bytes.set(FVE_SIGNATURE, 4 * MIB + 3);
  return bytes;
}

function ntfsBootSector(sectors: number): Uint8Array {
  const sector = new Uint8Array(512);
  sector.set(Buffer.from("NTFS    "), 3);
  const view = new DataView(sector.buffer);
  view.setUint16(11, 512, true);
  view.setBigUint64(40, BigInt(sectors - 1), true);
  sector.set([0x55, 0xaa], 510);
  return sector;
}

function volumes(bytes: Uint8Array) {
  return findVolumes((offset, length) => bytes.subarray(Math.min(offset, bytes.length), offset + length), bytes.length);
}

const EXPECTED = [
  { kind: "ntfs", offset: MIB, bytes: MIB },
  { kind: "bitlocker", offset: 4 * MIB, bytes: 3 * MIB },
];

describe("volumes on a disk", () => {
  it("are found through its GPT: BitLocker as long as its partition, NTFS as long as it says itself", () => {
    expect(volumes(disk())).toEqual(EXPECTED);
  });

  it("are found through the spare GPT when the first is gone", () => {
    expect(volumes(disk().fill(0, 0, MIB))).toEqual(EXPECTED);
  });

  it("are found by their boot sectors when both are gone", () => {
    const bytes = disk()
      .fill(0, 0, MIB)
      .fill(0, 7 * MIB);
    expect(volumes(bytes)).toEqual([EXPECTED[0], { kind: "bitlocker", offset: 4 * MIB, bytes: 4 * MIB }]);
  });

  it("are found when the image is one volume and no disk", () => {
    expect(volumes(disk().subarray(MIB, 3 * MIB))).toEqual([{ kind: "ntfs", offset: 0, bytes: MIB }]);
    expect(volumes(disk().subarray(4 * MIB, 7 * MIB))).toEqual([{ kind: "bitlocker", offset: 0, bytes: 3 * MIB }]);
  });

  it("are found through an MBR, primary and logical, and a chain that runs in a circle ends", () => {
    const bytes = disk()
      .fill(0, 0, MIB)
      .fill(0, 7 * MIB);
    const entry = (at: number, index: number, type: number, first: number, count: number) => {
      const view = new DataView(bytes.buffer, at + 446 + index * 16, 16);
      view.setUint8(4, type);
      view.setUint32(8, first, true);
      view.setUint32(12, count, true);
      bytes.set([0x55, 0xaa], at + 510);
    };
    entry(0, 0, 0x07, MIB / 512, (2 * MIB) / 512);
    entry(0, 1, 0x0f, (3 * MIB) / 512, (4 * MIB) / 512);
    entry(3 * MIB, 0, 0x07, MIB / 512, (3 * MIB) / 512);
    entry(3 * MIB, 1, 0x05, 0, 100);
    expect(volumes(bytes).slice(0, 2)).toEqual(EXPECTED);
  });

  it("are none on a disk of noise", () => {
    expect(volumes(seededRandom("noise")(2 * MIB))).toEqual([]);
  });
});
