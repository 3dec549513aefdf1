import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatRecoveryPassword,
  parseRecoveryPassword,
  randomRecoveryPassword,
} from "../../src/bitlocker/recovery-password.ts";
import { MalformedError } from "../../src/wire/malformed.ts";

// Public samples of vendor documentation.
const SAMPLE = "461109-608201-413820-485342-181588-463056-430617-501391";
const keys = fc.uint8Array({ minLength: 16, maxLength: 16 });

function refusal(text: string): MalformedError {
  try {
    parseRecoveryPassword(text);
  } catch (error) {
    if (error instanceof MalformedError) return error;
    throw error;
  }
  throw new Error("accepted");
}

describe("a recovery password", () => {
  it("is 8 little-endian uint16 times 11", () => {
    const { key } = parseRecoveryPassword("000011-000022-720885-000000-002827-000000-000000-000110");
    expect(Buffer.from(key.reveal()).toString("hex")).toBe("01000200ffff00000101000000000a00");
  });

  it("is accepted with dashes, spaces or nothing between its groups, and has one spelling afterwards", () => {
    const spellings = [SAMPLE, SAMPLE.replaceAll("-", " "), SAMPLE.replaceAll("-", ""), SAMPLE.replaceAll("-", " - ")];
    for (const text of [...spellings, `  ${SAMPLE} `]) expect(parseRecoveryPassword(text).text.reveal()).toBe(SAMPLE);
  });

  it("accepts the valid samples of Microsoft's documents and refuses the invalid ones", () => {
    expect(() => parseRecoveryPassword("496298-461032-321464-595518-463221-173943-033616-139579")).not.toThrow();
    expect(refusal("123456-231453-873456-213546-654678-765689-123456-231453").offset).toBe(1);
  });

  it("comes back from its text as the same 16 bytes", () => {
    fc.assert(
      fc.property(keys, (key) => {
        const parsed = parseRecoveryPassword(formatRecoveryPassword(key).reveal());
        expect(parsed.key.reveal()).toEqual(key);
        expect(parsed.text.reveal()).toMatch(/^\d{6}(-\d{6}){7}$/);
      }),
    );
  });

  it("exists for every 16 random bytes", () => {
    fc.assert(
      fc.property(keys, (key) => {
        expect(randomRecoveryPassword(key).key.reveal()).toEqual(key);
      }),
    );
  });

  it("with one wrong digit is always refused, and the refusal names the group", () => {
    const cases = fc.tuple(keys, fc.nat(7), fc.nat(5), fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(cases, ([key, group, place, step]) => {
        const at = group * 7 + place;
        const text = [...formatRecoveryPassword(key).reveal()];
        text[at] = String((Number(text[at]) + step) % 10);
        expect(refusal(text.join("")).offset).toBe(group + 1);
      }),
    );
  });

  it("with two neighbours of a group swapped is always refused, and the refusal names the group", () => {
    fc.assert(
      fc.property(keys, fc.nat(7), fc.nat(4), (key, group, place) => {
        const at = group * 7 + place;
        const text = [...formatRecoveryPassword(key).reveal()];
        fc.pre(text[at] !== text[at + 1]);
        [text[at], text[at + 1]] = [text[at + 1]!, text[at]!];
        expect(refusal(text.join("")).offset).toBe(group + 1);
      }),
    );
  });

  it("has groups whose sixth digit is the alternating sum of the first five, modulo 11: the same law", () => {
    for (let group = 0; group < 720_896; group += 1) {
      const digits = String(group).padStart(6, "0");
      const [a, b, c, d, e, f] = Array.from(digits, Number) as [number, number, number, number, number, number];
      const sum = (((a - b + c - d + e) % 11) + 11) % 11;
      if ((group % 11 === 0) !== (sum === f)) throw new Error(`the laws differ at ${group}`);
    }
  });

  it.each([
    ["a group above 65535 * 11", SAMPLE.replace("461109", "720896"), 1],
    ["a group of five digits", SAMPLE.replace("413820", "41382"), 3],
    ["a group of seven digits", SAMPLE.replace("413820", "4138200"), 3],
    ["a missing last group", SAMPLE.slice(0, -7), 8],
    ["a missing digit at the end, without separators", SAMPLE.replaceAll("-", "").slice(0, -1), 8],
    ["a ninth group", `${SAMPLE}-000000`, 8],
    ["a letter", SAMPLE.replace("608201", "6O8201"), 2],
    ["full-width digits", SAMPLE.replace("608201", "６08201"), 2],
    ["two dashes in a row", SAMPLE.replace("608201-", "608201--"), 3],
    ["a tab", SAMPLE.replace("-", "\t"), 1],
    ["braces around it", `{${SAMPLE}}`, 1],
    ["nothing at all", "", 1],
  ])("is refused with %s, and the refusal names the group", (_, text, group) => {
    const { what, offset } = refusal(text);
    expect(what).toContain("group");
    expect(offset).toBe(group);
  });

  it("never shows its digits: not in a refusal, not when printed", () => {
    const texts = fc.array(fc.constantFrom(..."0123456789- x"), { maxLength: 60 }).map((letters) => letters.join(""));
    fc.assert(
      fc.property(texts, (text) => {
        try {
          expect(`${JSON.stringify(parseRecoveryPassword(text))}`).not.toMatch(/\d{6}/);
        } catch (error) {
          if (!(error instanceof MalformedError)) throw error;
          expect(error.message.replace("720885", "")).not.toMatch(/\d{3}/);
        }
      }),
    );
    expect(`${parseRecoveryPassword(SAMPLE).text}`).toBe("[secret]");
  });
});
