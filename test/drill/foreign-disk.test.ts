import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import type { NewProtector } from "../../src/bitlocker/new-volume-keys.ts";
import { randomRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import { EntryType } from "../../src/bitlocker/registry.ts";
import type { NewVolume } from "../../src/bitlocker/writer.ts";
import { checkForeignDisk } from "../../src/drill/foreign-disk.ts";
import { foreignScenario } from "../../src/drill/scenario-list.ts";
import { escrowedOf } from "../../src/drill/staged.ts";
import { OperatorError } from "../../src/wire/operator-error.ts";
import { Secret } from "../../src/wire/secret.ts";
import { memoryVolume, seededRandom } from "../bitlocker/memory-volume.ts";

const password = randomRecoveryPassword(seededRandom("password")(16));
const LOCKED: readonly NewProtector[] = [{ type: "recovery-password", password }];
const SUSPENDED: readonly NewProtector[] = [...LOCKED, { type: "clear-key" }];

describe("a disk that somebody brings to a drill", () => {
  const folder = mkdtempSync(join(tmpdir(), "breakglass-foreign-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  function refusal(disk: Uint8Array): OperatorError | null {
    const file = join(folder, "disk.img");
    writeFileSync(file, disk);
    try {
      checkForeignDisk({ file, keys: null, out: null });
      return null;
    } catch (error) {
      if (error instanceof OperatorError) return error;
      throw error;
    }
  }
  // A recovery password is stretched a million times for each: every kind is made once, and each test has a copy.
  const made = new Map<string, Buffer>();
  const volume = (protectors: readonly NewProtector[], more: Partial<NewVolume> = {}) => {
    const kind = JSON.stringify([protectors.map(({ type }) => type), more]);
    const first = made.get(kind) ?? Buffer.from(memoryVolume(protectors, more).disk);
    made.set(kind, first);
    return Buffer.from(first);
  };

  test("is taken if it is locked or suspended", () => {
    expect(refusal(volume(LOCKED))).toBeNull();
    expect(refusal(volume(SUSPENDED))).toBeNull();
  });

  test.each([
    ["locked", LOCKED],
    ["suspended", SUSPENDED],
  ])("is refused by its state's word and with exit code 1 while it is encrypting, %s", (_, protectors) => {
    const refused = refusal(volume(protectors, { state: "encrypting" }));
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused!.message).toMatch(/BitLocker volume at byte 0 is encrypting/);
    expect(refused!.message + refused!.next).not.toMatch(/package/);
  });

  test("is refused by what it lacks if no entry says where its first sectors are", () => {
    const refused = refusal(withoutBootBackupEntry(volume(LOCKED)));
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused!.message).toMatch(/has no entry 0x000f/);
    // The block header says it too, and the agent maps a suspended volume itself.
    expect(refusal(withoutBootBackupEntry(volume(SUSPENDED)))).toBeNull();
  });

  test("is refused if all copies of its metadata are damaged", () => {
    const disk = volume(LOCKED);
    for (const at of areas(disk)) disk.fill(0, at, at + 64 * 1024);
    const refused = refusal(disk);
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused!.message).toMatch(/cannot be read \(all three FVE metadata blocks are damaged/);
  });

  test("may be given the password of any row of its key file, and a drill's own device only its own", () => {
    const [first, second] = ["24B0AA32-F8D0-40BA-BB05-73A800324C09", "5E1A4A6B-0B44-4A4B-9AE8-7A7A8E7A11C1"];
    const rows = [first!, second!].map((protectorId) => ({ protectorId, password: new Secret("-") }));
    const role = foreignScenario("disk.img").devices[0]!;
    expect(escrowedOf({ role, escrowed: rows[1]! }, { recoveryPasswords: rows })).toEqual([first, second]);
    const own = { ...role, disk: { volume: "bitlocker", channelFile: "bad", hibernated: false } } as const;
    expect(escrowedOf({ role: own, escrowed: rows[1]! }, { recoveryPasswords: rows })).toEqual([second]);
  });
});

/** Where the three metadata areas begin, as the volume's boot sector has it. */
function areas(disk: Uint8Array): number[] {
  return [176, 184, 192].map((at) => Number(Buffer.from(disk).readBigUInt64LE(at)));
}

/** The same volume with that entry called something else, and its checksums right again. */
function withoutBootBackupEntry(disk: Uint8Array): Uint8Array {
  const bytes = Buffer.from(disk);
  for (const at of areas(disk)) {
    const header = 64 + 48;
    for (let entry = at + header; ; ) {
      const size = bytes.readUInt16LE(entry);
      if (size < 8) throw new Error("the volume has no such entry");
      if (bytes.readUInt16LE(entry + 2) === EntryType.volumeHeader) {
        bytes.writeUInt16LE(0x7777, entry + 2);
        break;
      }
      entry += size;
    }
    const end = at + bytes.readUInt16LE(at + 8) * 16;
    bytes.writeUInt32LE(crc32(bytes.subarray(at, end)), end + 4);
  }
  return bytes;
}
