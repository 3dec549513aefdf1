import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { recordRow } from "../../src/sync/ad-record.ts";
import { guidToBytes } from "../../src/wire/guid.ts";
import { ID_A, ID_B, PASSWORD_A, showsDigits } from "../escrow/fixture.ts";

const DN = `CN=2024-05-14T09:21:33-00:00{${ID_A}},CN=PC-0001,OU=Desktops,DC=corp,DC=example`;
const object = { dn: DN, password: PASSWORD_A, guid: guidToBytes(ID_A), whenCreated: "20240514092133.0Z" };

describe("a recovery object", () => {
  test("is a deposit: the computer above it, its own GUID, when it was made", () => {
    const row = recordRow(object);
    expect(row).toMatchObject({
      protectorId: ID_A,
      deviceName: "PC-0001",
      directory: "ActiveDirectory",
      deviceId: null,
      volumeType: null,
      createdAt: Date.UTC(2024, 4, 14, 9, 21, 33),
    });
    expect("password" in row && row.password.text.reveal()).toBe(PASSWORD_A);
    expect(showsDigits(JSON.stringify(row))).toBe(false);
  });

  test("goes by its name where its GUID is not shown, and by neither where they disagree", () => {
    for (const guid of [null, new Uint8Array(15)])
      expect(recordRow({ ...object, guid })).toMatchObject({ protectorId: ID_A, deviceName: "PC-0001" });
    expect(recordRow({ ...object, guid: guidToBytes(ID_B) })).toMatchObject({ reason: "ids-disagree" });
  });

  test("that cannot be deposited is rejected with its protector's ID and a reason, and no digit", () => {
    expect(recordRow({ ...object, password: null })).toMatchObject({
      reason: "no-password",
      protectorId: ID_A,
      detail: expect.stringContaining("does not show"),
    });
    const wrong = recordRow({ ...object, password: PASSWORD_A.replace("461109", "461108") });
    expect(wrong).toMatchObject({
      reason: "bad-password",
      protectorId: ID_A,
      detail: expect.stringContaining("group 1"),
    });
    expect(showsDigits(JSON.stringify(wrong))).toBe(false);
  });

  test("without an ID is deposited under its computer", () => {
    expect(recordRow({ ...object, dn: "CN=odd,CN=PC,DC=x", guid: null })).toMatchObject({
      ...{ protectorId: null, partialId: "", deviceName: "PC" },
    });
  });

  test("of any distinguished name at all is a deposit or a reject", () => {
    fc.assert(fc.property(fc.string(), (dn) => void recordRow({ ...object, dn })));
  });
});
