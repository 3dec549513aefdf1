import { expect, test } from "vitest";
import { machineUuid } from "../../src/dhcp/machine-uuid.ts";
import { decodePacket } from "../../src/dhcp/packet.ts";
import { readCapture } from "../capture-file.ts";

const uuid = (...bytes: number[]) => machineUuid({ clientMachineIdentifier: Uint8Array.from(bytes) });
const sixteen = (byte: number) => Array<number>(16).fill(byte);

test("the UUID of option 97 is read as SMBIOS stores it, its first three fields little-endian", () => {
  const { options } = decodePacket(readCapture("dhcp", "ovmf-discover").bytes);
  expect(machineUuid(options)).toBe("24B0AA32-F8D0-40BA-BB05-73A800324C09");
});

test("a missing, mistyped or wrongly sized option 97 is no UUID, and no error", () => {
  expect(machineUuid({})).toBeNull();
  expect(uuid()).toBeNull();
  expect(uuid(1, ...sixteen(7))).toBeNull();
  expect(uuid(...sixteen(7))).toBeNull();
  expect(uuid(0, ...sixteen(7), 7)).toBeNull();
});

test("a UUID that SMBIOS says is not set is none: many machines share it", () => {
  expect(uuid(0, ...sixteen(0x00))).toBeNull();
  expect(uuid(0, ...sixteen(0xff))).toBeNull();
});
