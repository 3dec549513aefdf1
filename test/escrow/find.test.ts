import { describe, expect, test } from "vitest";
import { findByText, type KnownDevice } from "../../src/escrow/find.ts";
import type { Vault } from "../../src/escrow/vault.ts";
import { parseGuid } from "../../src/wire/guid.ts";
import { parseMac } from "../../src/wire/mac.ts";
import { depositOf, ID_A, ID_B, ID_C, newVault, PASSWORD_A, PASSWORD_B } from "./fixture.ts";

const UUID = parseGuid("4C4C4544-0042-3510-8052-B4C04F4D3332");
const ENTRA = "1ab40ab2-32a8-4b00-b6b5-ba724e407de9";

const known = (fields: Partial<KnownDevice>): KnownDevice => ({
  ...{ name: "PC-1", deviceId: null, macs: [], serial: null, uuid: null },
  ...fields,
});

async function filled(): Promise<Vault> {
  const vault = await newVault();
  await vault.depositAll([
    { ...depositOf(ID_A, PASSWORD_A, "PC-1.corp.example"), deviceId: ENTRA, createdAt: 2 },
    { ...depositOf(ID_B, PASSWORD_B, "pc-1"), createdAt: 1 },
    depositOf(ID_C, PASSWORD_A, "PC-10"),
    depositOf(parseGuid("99999999-F8D0-40BA-BB05-73A800324C09"), PASSWORD_A, "24B0AA32"),
  ]);
  return vault;
}

function findIn(vault: Vault, text: string, inventory: readonly KnownDevice[] = []) {
  const found = findByText(text, inventory, (query) => vault.find(query));
  return found.map(({ by, deposits }) => [by, ...deposits.map(({ protectorId }) => protectorId.slice(0, 8))]);
}

describe("a text is looked up", () => {
  test("as a key protector ID in any of its spellings", async () => {
    const vault = await filled();
    for (const text of [ID_A, ID_A.toLowerCase(), `{${ID_A}}`])
      expect(findIn(vault, text)).toEqual([["key-protector-id", "24B0AA32"]]);
  });

  test("as first 8 characters and as a device's name, if it may be both", async () => {
    expect(findIn(await filled(), "24b0aa32")).toEqual([
      ["first-8", "24B0AA32"],
      ["device-name", "99999999"],
    ]);
  });

  test("as a name with its domain or without, on either side, and never as the beginning of a longer one", async () => {
    const vault = await filled();
    for (const text of ["PC-1", "pc-1", "PC-1.corp.example", "PC-1.other.example"])
      expect(findIn(vault, text)).toEqual([["device-name", "24B0AA32", "4290B6C0"]]);
    expect(findIn(vault, "PC")).toEqual([]);
    expect(findIn(vault, "PC-1%")).toEqual([]);
  });

  test("as Entra's device ID, in either case", async () => {
    const vault = await filled();
    for (const text of [ENTRA, ENTRA.toUpperCase()]) expect(findIn(vault, text)).toEqual([["device-id", "24B0AA32"]]);
  });

  test("as serial number, UUID, MAC address and device ID of an inventory: mark, then name, then deposits", async () => {
    const vault = await filled();
    const inventory = [
      known({ serial: "5CG1234ABC", uuid: UUID, macs: [parseMac("525400000001")] }),
      known({ name: "PC-10", serial: "OTHER" }),
    ];
    expect(findIn(vault, "5cg1234abc", inventory)).toEqual([["serial", "24B0AA32", "4290B6C0"]]);
    expect(findIn(vault, `{${UUID.toLowerCase()}}`, inventory)).toEqual([["uuid", "24B0AA32", "4290B6C0"]]);
    expect(findIn(vault, "52-54-00-00-00-01", inventory)).toEqual([["mac", "24B0AA32", "4290B6C0"]]);
    const byId = [known({ name: "RENAMED", deviceId: ENTRA })];
    expect(findIn(vault, ENTRA, byId)).toEqual([
      ["device-id", "24B0AA32"],
      ["device-id", "24B0AA32"],
    ]);
  });

  test("as a mark that several devices share: each of them comes back, and none is picked", async () => {
    const inventory = [known({ serial: "S" }), known({ name: "PC-10", serial: "S" })];
    expect(findIn(await filled(), "S", inventory)).toEqual([
      ["serial", "24B0AA32", "4290B6C0"],
      ["serial", "045219EC"],
    ]);
  });

  test("as a mark of a device that the vault has nothing for: that is an answer, too", async () => {
    expect(findIn(await filled(), "S", [known({ name: "PC-404", serial: "S" })])).toEqual([["serial"]]);
  });
});

test("going through all deposits gives each once, in order, as often as asked", async () => {
  const vault = await newVault();
  expect([...vault.all()]).toEqual([]);
  await vault.depositAll([depositOf(ID_A, PASSWORD_A), depositOf(ID_A, PASSWORD_B), depositOf(ID_B, PASSWORD_B, null)]);
  const all = vault.all();
  const names = () => [...all].map(({ protectorId, deviceName }) => [protectorId, deviceName]);
  const expected = [
    [ID_A, "PC-0001"],
    [ID_A, "PC-0001"],
    [ID_B, null],
  ];
  expect(names()).toEqual(expected);
  expect(names()).toEqual(expected);
});
