import { bech32m } from "@scure/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBech32, encodeBech32 } from "../../src/wire/bech32.ts";
import { MalformedError } from "../../src/wire/malformed.ts";

describe("bech32", () => {
  test.each([
    ["bech32m", "a", "A1LQFN3A"],
    ["bech32m", "a", "a1lqfn3a"],
    ["bech32", "a", "a12uel5l"],
  ] as const)("%s: the BIPs' own example %s %s holds", (form, prefix, text) => {
    expect(decodeBech32(form, prefix, text)).toHaveLength(0);
    expect(encodeBech32(form, prefix, new Uint8Array())).toBe(text.toLowerCase());
  });

  test("a key of the age program reads and writes the same", () => {
    const key = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
    const bytes = decodeBech32("bech32", "age-secret-key-", key);
    expect(bytes).toEqual(new Uint8Array(32).fill(0x42));
    expect(encodeBech32("bech32", "age-secret-key-", bytes).toUpperCase()).toBe(key);
  });

  test("what is written reads the same, in either case", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 48 }), fc.boolean(), (bytes, upper) => {
        const text = encodeBech32("bech32m", "bg", bytes);
        expect(decodeBech32("bech32m", "bg", upper ? text.toUpperCase() : text)).toEqual(bytes);
      }),
    );
  });

  test.each([
    ["a text of mixed case", "BG1qqqqqqqq"],
    ["a text that does not begin with bg1", "bc1qqqqqqqq"],
    ["a text with a character that is never in one", "bg1qqqqqqbq"],
    ["a text with a character that is never in one", "bg1qqq1qqqqq"],
    [
      "a text whose checksum does not hold",
      encodeBech32("bech32m", "bg", Uint8Array.of(1, 2, 3)).replace("bg1q", "bg1p"),
    ],
    ["a text whose checksum does not hold", "bg1"],
    ["a text with bits left over", bech32m.encode("bg", [31, 31, 31])],
  ])("%s is malformed, and its message does not repeat the text", (what, text) => {
    const decode = () => decodeBech32("bech32m", "bg", text);
    expect(decode).toThrow(MalformedError);
    expect(decode).toThrow(what);
    expect(decode).not.toThrow(text);
  });

  test("any text reads, or is malformed", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const each of [text, `bg1${text}`])
          try {
            decodeBech32("bech32m", "bg", each);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedError);
          }
      }),
    );
  });
});
