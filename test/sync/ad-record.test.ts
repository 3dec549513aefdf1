import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { computerOf, recordRow } from "../../src/sync/ad-record.ts";
import { formatGeneralizedTime, parseGeneralizedTime } from "../../src/sync/generalized-time.ts";
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

  test("whose name and GUID differ goes by its GUID, which is what Windows shows; without one, by its name", () => {
    expect(recordRow({ ...object, guid: guidToBytes(ID_B) })).toMatchObject({ protectorId: ID_B });
    for (const guid of [null, new Uint8Array(15)])
      expect(recordRow({ ...object, guid })).toMatchObject({ protectorId: ID_A });
  });

  test("that cannot be deposited is rejected with its protector's ID and a reason, and no digit", () => {
    expect(recordRow({ ...object, password: null })).toMatchObject({ reason: "no-password", protectorId: ID_A });
    const wrong = recordRow({ ...object, password: PASSWORD_A.replace("461109", "461108") });
    expect(wrong).toMatchObject({
      reason: "bad-password",
      protectorId: ID_A,
      detail: expect.stringContaining("group 1"),
    });
    expect(showsDigits(JSON.stringify(wrong))).toBe(false);
    expect(recordRow({ ...object, dn: "CN=odd,CN=PC,DC=x", guid: null })).toMatchObject({
      reason: "bad-protector-id",
      protectorId: null,
    });
  });

  test("with a time that is none is deposited without one", () => {
    for (const whenCreated of [null, "", "yesterday", "20240231092133.0Z"])
      expect(recordRow({ ...object, whenCreated })).toMatchObject({ protectorId: ID_A, createdAt: null });
  });

  test("of any distinguished name at all is a deposit or a reject", () => {
    fc.assert(fc.property(fc.string(), (dn) => void recordRow({ ...object, dn })));
  });
});

test("the computer of an object is the name above it, its escapes undone", () => {
  expect(computerOf("CN=x{1},CN=Lab\\, left,OU=a,DC=b")).toBe("Lab, left");
  expect(computerOf("CN=x\\,y{1},CN=PC-2,DC=b")).toBe("PC-2");
  expect(computerOf("CN=x,OU=nobody,DC=b")).toBeNull();
  expect(computerOf("")).toBeNull();
});

describe("GeneralizedTime", () => {
  test("comes back as it went, to the second", () => {
    const range = { min: 0, max: 4_000_000_000 };
    fc.assert(
      fc.property(fc.integer(range), (second) => {
        expect(parseGeneralizedTime(formatGeneralizedTime(second * 1000))).toBe(second * 1000);
      }),
    );
  });
  test("is refused with days and hours that do not exist", () => {
    for (const text of ["20230229000000.0Z", "20240101250000.0Z", "20240101000000", "2024"])
      expect(parseGeneralizedTime(text)).toBeNull();
  });
});
