import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Checkpoint,
  checkpointJson,
  checkpointText,
  parseCheckpoint,
  publicKeyHex,
  signatureFits,
  signCheckpoint,
  signedText,
} from "../../src/ledger/checkpoint.ts";
import { parseGuid } from "../../src/wire/guid.ts";
import { MalformedError } from "../../src/wire/malformed.ts";
import { LEDGER } from "./chain.ts";

const { privateKey } = generateKeyPairSync("ed25519");
const head = {
  ledgerId: parseGuid(LEDGER),
  epoch: 1,
  seq: 4182,
  hash: "0a".repeat(32),
  at: 1_721_361_600_000,
  station: "Laptöp 1",
};
const signed = signCheckpoint(head, privateKey);

test("a signed head names its key, and its signature fits", () => {
  expect(signed).toMatchObject({ ...head, version: 1, publicKey: publicKeyHex(privateKey) });
  expect(signatureFits(signed)).toBe(true);
});

test("what is signed is canonical JSON of every field but the signature", () => {
  expect(signedText(signed)).toBe(
    `{"at":1721361600000,"epoch":1,"hash":"${head.hash}","ledgerId":"${LEDGER}","publicKey":"${signed.publicKey}","seq":4182,"station":"Laptöp 1","version":1}`,
  );
});

test("both forms read back as the same checkpoint, in any case, and with a mail's line breaks", () => {
  const someHead = fc.record({
    ledgerId: fc.uuid().map(parseGuid),
    epoch: fc.integer({ min: 1 }),
    seq: fc.maxSafeNat().map((seq) => Math.max(1, seq)),
    hash: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("hex")),
    at: fc.maxSafeNat(),
    station: fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
  });
  fc.assert(
    fc.property(someHead, (each) => {
      const checkpoint = signCheckpoint(each, privateKey);
      const text = checkpointText(checkpoint);
      expect(parseCheckpoint(checkpointJson(checkpoint))).toEqual(checkpoint);
      expect(parseCheckpoint(text)).toEqual(checkpoint);
      expect(parseCheckpoint(`  ${text.toLowerCase().replace(/(.{60})/g, "$1\r\n")}\n`)).toEqual(checkpoint);
    }),
  );
});

test("the text has only characters that a QR code packs densely, and few enough for a phone to read", () => {
  const text = checkpointText({ ...signed, seq: 1_000_000, station: "recovery-laptop-7" });
  expect(text).toMatch(/^[0-9A-Z:-]+$/);
  // ISO/IEC 18004 table 7: version 12 with level M, 65 modules wide, holds 419 alphanumeric characters.
  expect(text.length).toBeLessThanOrEqual(419);
});

test("the signature fits no other head, key or time", () => {
  const other = publicKeyHex(generateKeyPairSync("ed25519").privateKey);
  const changes: Partial<Checkpoint>[] = [
    { seq: 4181 },
    { hash: "0b".repeat(32) },
    { at: 0 },
    { epoch: 2 },
    { station: "laptop-2" },
    { ledgerId: parseGuid(LEDGER.replace("2", "3")) },
    { publicKey: other },
    { signature: "00".repeat(64) },
  ];
  for (const change of changes) expect(signatureFits({ ...signed, ...change })).toBe(false);
});

test("a key that is no point of the curve fits no signature, and is no fault", () => {
  for (const publicKey of ["00".repeat(32), "ff".repeat(32), `02${"00".repeat(31)}`])
    expect(signatureFits({ ...signed, publicKey })).toBe(false);
});

test("any text either is a checkpoint or is malformed", () => {
  const near = fc.tuple(fc.nat(checkpointText(signed).length), fc.string({ maxLength: 3 })).map(([at, put]) => {
    const text = checkpointText(signed);
    return text.slice(0, at) + put + text.slice(at + 1);
  });
  const field = fc.tuple(fc.constantFrom(...Object.keys(signed)), fc.jsonValue());
  const json = field.map(([name, value]) => JSON.stringify({ ...signed, [name]: value }));
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), near, json), (text) => {
      try {
        signatureFits(parseCheckpoint(text));
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedError);
      }
    }),
    { numRuns: 500 },
  );
});

test("a key of another kind signs nothing", () => {
  expect(() => signCheckpoint(head, generateKeyPairSync("x25519").privateKey)).toThrow(RangeError);
});
