import { createCipheriv } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { readMetadata } from "../../src/bitlocker/metadata.ts";
import { randomRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import { encodeStartupKey } from "../../src/bitlocker/startup-key.ts";
import type { Opener } from "../../src/bitlocker/unlock.ts";
import { xtsCipher } from "../../src/bitlocker/xts.ts";
import { MalformedError } from "../../src/wire/malformed.ts";
import { decryptedVolume } from "./decrypted-volume.ts";
import { type MemoryVolume, memoryVolume, readerOf, seededRandom } from "./memory-volume.ts";
import { decodeStartupKey } from "./startup-key.ts";
import { unlock, unlockWithRecoveryPassword } from "./unlock-volume.ts";

const password = randomRecoveryPassword(seededRandom("password")(16));

function plainBehind(volume: MemoryVolume, opener: Opener): Uint8Array {
  const metadata = readMetadata(volume.read);
  const opened = unlock(metadata, opener);
  if (!opened.unlocked) throw new Error(opened.reason);
  return decryptedVolume(volume.read, metadata, opened.fvek)(0, volume.plain.length);
}

function startupKeyOf(volume: MemoryVolume): Opener {
  return { type: "startup-key", startupKey: volume.protectors[0]!.startupKey! };
}

describe("AES-XTS over many sectors", () => {
  it.each([32, 64])("is the same as one AES-XTS per sector with the sector's number, for keys of %i bytes", (bytes) => {
    const key = seededRandom("key")(bytes);
    const plain = seededRandom("sectors")(512 * 5);
    const expected = Buffer.concat(
      [0, 1, 2, 3, 4].map((index) => {
        const tweak = Buffer.alloc(16);
        tweak.writeBigUInt64LE(0xffff_fffen + BigInt(index));
        return createCipheriv(`aes-${bytes * 4}-xts`, key, tweak).update(
          plain.subarray(index * 512, index * 512 + 512),
        );
      }),
    );
    expect(Buffer.compare(xtsCipher(key, "encrypt")(plain, 0xffff_fffe), expected)).toBe(0);
  });

  it("is undone by decryption, at any sector number and from any place in memory", () => {
    const key = seededRandom("key")(32);
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.nat(3), fc.integer({ min: 0, max: 4 }), (sector, shift, count) => {
        const plain = seededRandom("sectors")(512 * 5).subarray(shift, shift + count * 512);
        const back = xtsCipher(key, "decrypt")(xtsCipher(key, "encrypt")(plain, sector), sector);
        expect(Buffer.compare(back, plain)).toBe(0);
      }),
    );
  });
});

describe("a written BitLocker volume", () => {
  it.each(["aes-xts-128", "aes-xts-256"] as const)("with %s reads back as the NTFS it was made of", (method) => {
    const volume = memoryVolume([{ type: "startup-key" }, { type: "clear-key" }], { method });
    expect(Buffer.compare(plainBehind(volume, startupKeyOf(volume)), volume.plain)).toBe(0);
    expect(Buffer.compare(plainBehind(volume, { type: "clear-key" }), volume.plain)).toBe(0);
  });

  it("is the same bytes again from the same random bytes", () => {
    const protectors = [{ type: "startup-key" }, { type: "clear-key" }] as const;
    expect(Buffer.compare(memoryVolume(protectors).disk, memoryVolume(protectors).disk)).toBe(0);
  });

  it("holds none of the NTFS in the open", () => {
    const volume = memoryVolume([{ type: "startup-key" }]);
    for (let offset = 0; offset < volume.plain.length; offset += 4096)
      expect(Buffer.from(volume.disk).indexOf(volume.plain.subarray(offset, offset + 16))).toBe(-1);
  });

  it("is not opened by another volume's startup key, nor by a way in that it lacks", () => {
    const volume = memoryVolume([{ type: "startup-key" }]);
    const other = memoryVolume([{ type: "startup-key" }], { random: seededRandom("other") });
    const metadata = readMetadata(volume.read);
    expect(unlock(metadata, startupKeyOf(other))).toEqual({ unlocked: false, reason: "wrong-key" });
    expect(unlock(metadata, { type: "clear-key" })).toEqual({ unlocked: false, reason: "no-such-protector" });
  });

  it("whose metadata was altered, CRC-32 and all, is refused even with the right key", () => {
    const volume = memoryVolume([{ type: "startup-key" }]);
    const metadata = readMetadata(volume.read);
    const forged = { ...metadata, blockSha256: new Uint8Array(32) };
    expect(unlock(forged, startupKeyOf(volume))).toEqual({ unlocked: false, reason: "metadata-altered" });
  });

  it("encrypted with a method we do not write is refused by that name", () => {
    const volume = memoryVolume([{ type: "startup-key" }]);
    const metadata = { ...readMetadata(volume.read), method: "aes-cbc-256" as const };
    expect(unlock(metadata, startupKeyOf(volume))).toEqual({ unlocked: false, reason: "method-unsupported" });
  });

  it("shows zeros where its metadata is", () => {
    const volume = memoryVolume([{ type: "startup-key" }]);
    const metadata = readMetadata(volume.read);
    const opened = unlock(metadata, startupKeyOf(volume));
    if (!opened.unlocked) throw new Error(opened.reason);
    const tail = decryptedVolume(volume.read, metadata, opened.fvek)(volume.plain.length, 1024 * 1024);
    expect(tail.every((byte) => byte === 0)).toBe(true);
    expect(tail).toHaveLength(1024 * 1024);
  });
});

describe("a recovery password on a volume", () => {
  let volume: MemoryVolume;
  beforeAll(() => {
    volume = memoryVolume([{ type: "startup-key" }, { type: "recovery-password", password }]);
  });

  it("opens it and tells which protector it was", () => {
    const opened = unlockWithRecoveryPassword(readMetadata(volume.read), password);
    expect(opened).toMatchObject({ unlocked: true, protectorId: volume.protectors[1]!.protectorId });
  });

  it("of another volume does not open it", () => {
    const other = randomRecoveryPassword(new Uint8Array(16));
    const refused = { unlocked: false, reason: "wrong-key" };
    expect(unlockWithRecoveryPassword(readMetadata(volume.read), other)).toEqual(refused);
  });
});

describe("a .BEK file", () => {
  it("has 156 bytes as Windows writes it, and gives back the startup key", () => {
    const { startupKey } = memoryVolume([{ type: "startup-key" }]).protectors[0]!;
    const file = encodeStartupKey(startupKey!, 1_721_361_600).reveal();
    expect(file).toHaveLength(156);
    const back = decodeStartupKey(file);
    expect(back.protectorId).toBe(startupKey!.protectorId);
    expect(back.key.reveal()).toEqual(startupKey!.key.reveal());
  });

  it("of any other bytes is read or is a MalformedError", () => {
    const { startupKey } = memoryVolume([{ type: "startup-key" }]).protectors[0]!;
    const file = encodeStartupKey(startupKey!, 1_721_361_600).reveal();
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(155), fc.nat(255)), { maxLength: 6 }), fc.nat(156), (changes, length) => {
        const bytes = file.slice();
        for (const [at, value] of changes) bytes[at] = value;
        try {
          expect(decodeStartupKey(readerOf(bytes)(0, length)).key.reveal().length).toBeLessThan(157);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
        }
      }),
    );
  });
});
