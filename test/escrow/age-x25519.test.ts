import { armor, Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import { decodeArmor, encodeArmor } from "../../src/escrow/age-armor.ts";
import { openAge, parseRecipient, sealAge } from "../../src/escrow/age-x25519.ts";
import { openRecord, sealRecord } from "../../src/escrow/record.ts";
import { Secret } from "../../src/wire/secret.ts";
import { ID_A, ID_B, PASSWORD_A } from "./fixture.ts";

// The identity of the age specification's own test kit (c2sp.org/CCTV/age).
const IDENTITY = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
const recipient = await identityToRecipient(IDENTITY);
/** Bytes that count up: never twice the same, and the same in every run. */
function counting(): (length: number) => Uint8Array {
  let next = 1;
  return (length) => Uint8Array.from({ length }, () => next++ & 0xff);
}
const sealed = (plain: Uint8Array) => sealAge(plain, parseRecipient(recipient), counting());
const plainText = fc.uint8Array({ maxLength: 300 });

test("the age library opens what is sealed here", async () => {
  await fc.assert(
    fc.asyncProperty(plainText, async (plain) => {
      const decrypter = new Decrypter();
      decrypter.addIdentity(IDENTITY);
      expect(Buffer.from(await decrypter.decrypt(sealed(plain)))).toEqual(Buffer.from(plain));
      expect(openAge(sealed(plain), IDENTITY)).toEqual(Buffer.from(plain));
    }),
    { numRuns: 30 },
  );
});

test("what the age library sealed opens here", async () => {
  await fc.assert(
    fc.asyncProperty(plainText, async (plain) => {
      const encrypter = new Encrypter();
      encrypter.addRecipient(recipient);
      expect(openAge(await encrypter.encrypt(plain), IDENTITY)).toEqual(Buffer.from(plain));
    }),
    { numRuns: 30 },
  );
});

test("a file keeps its bytes from version to version", () => {
  expect(encodeArmor(sealed(Buffer.from("hello")))).toMatchInlineSnapshot(`
    "-----BEGIN AGE ENCRYPTED FILE-----
    YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBCNk44dkJRZ2s4aTNWZHdi
    RU9oc3RDWTNTdEZxcUZQdEM5L0Fzcmh0SEh3Cjloc1duZjhyUkE1UkxXeFYrcEkv
    MEt5NUQ2QkM2WERabko4TkFVcEZ4aVkKLS0tIFI5RjB2bndseTFIZDcvTWpOaWJz
    Z3BSc2t4SUpPc21JWGxhdi9JMWZKSVkKMTIzNDU2Nzg5Ojs8PT4/QJfwSrAbTba0
    sJ/gQh/GqBhUQ29uoA==
    -----END AGE ENCRYPTED FILE-----
    "
  `);
});

test("a changed bit anywhere is found", () => {
  const file = sealed(Buffer.from("hello"));
  for (let bit = 0; bit < file.length * 8; bit++) {
    const changed = Buffer.from(file);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    let plain: Buffer | null = null;
    try {
      plain = openAge(changed, IDENTITY);
    } catch (error) {
      expect((error as Error).name).toBe("MalformedError");
    }
    expect(plain).toBeNull();
  }
});

test("a file that is cut off anywhere is found", () => {
  const file = sealed(Buffer.from("hello"));
  for (let end = 200; end < file.length; end++)
    expect(() => openAge(file.subarray(0, end), IDENTITY)).toThrow(/damaged, or was made for another/);
});

test("another identity does not open it", async () => {
  const other = await generateX25519Identity();
  expect(() => openAge(sealed(Buffer.from("x")), other)).toThrow(/made for another recipient/);
});

test("a share of low order, which would make the secret known to all, is refused", () => {
  const share = Buffer.alloc(32).toString("base64").replace("=", "");
  const file = sealed(Buffer.from("x"))
    .toString("latin1")
    .replace(/X25519 \S+/, `X25519 ${share}`);
  expect(() => openAge(Buffer.from(file, "latin1"), IDENTITY)).toThrow(/damaged/);
});

test("a record for two recipients, made by another program, opens by way of the library", async () => {
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(await generateX25519Identity()));
  encrypter.addRecipient(recipient);
  const record = await encrypter.encrypt(`key-protector-id ${ID_A}\nrecovery-password ${PASSWORD_A}\n`);
  expect(openAge(record, IDENTITY)).toBeNull();
  expect((await openRecord(armor.encode(record), new Secret(IDENTITY), ID_A)).reveal()).toBe(PASSWORD_A);
});

test("a record belongs to one key protector", async () => {
  const record = sealRecord(recipient, ID_A, parseRecoveryPassword(PASSWORD_A));
  expect((await openRecord(record, new Secret(IDENTITY), ID_A)).reveal()).toBe(PASSWORD_A);
  await expect(openRecord(record, new Secret(IDENTITY), ID_B)).rejects.toThrow(/belongs to another key protector/);
});

test("two records of one password have nothing in common beyond their form", () => {
  const seal = () => sealRecord(recipient, ID_A, parseRecoveryPassword(PASSWORD_A)).split("\n");
  const [one, two] = [seal(), seal()];
  expect(one.length).toBe(two.length);
  expect(one.slice(2, -2).filter((line) => two.includes(line))).toEqual([]);
});

test.each(["", "age1", "age1qqqq", recipient.toUpperCase().replace("Q", "B"), `${recipient.slice(0, -1)}q`, IDENTITY])(
  "a text that is not a recipient seals nothing (%#)",
  (text) => {
    expect(() => parseRecipient(text)).toThrow(expect.objectContaining({ name: "MalformedError" }));
  },
);

test("armor is one spelling of a file, and the age library's", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), (bytes) => {
      const text = encodeArmor(Buffer.from(bytes));
      expect(text).toBe(armor.encode(bytes));
      expect(decodeArmor(text)).toEqual(Buffer.from(bytes));
      expect(decodeArmor(text.replaceAll("\n", "\r\n"))).toEqual(Buffer.from(bytes));
    }),
  );
});

test.each([
  "",
  "hello",
  "-----BEGIN AGE ENCRYPTED FILE-----\nAAAA",
  encodeArmor(Buffer.from("abc")).replace("YWJj", "YW Jj"),
])("what is not armor is refused (%#)", (text) => {
  expect(() => decodeArmor(text)).toThrow(/not an armored age file/);
});
