import { describe, expect, test } from "vitest";
import { count, folded, formatTable } from "../../src/cli/table.ts";

describe("a table", () => {
  test("that fits is aligned and not broken", () => {
    expect(formatTable(["A", "LONGER"], [["one", "two words"]], 80)).toBe("A    LONGER\none  two words\n");
  });

  test("breaks its last column between words, under itself", () => {
    expect(formatTable(["ID", "WHY"], [["1", "some words that are longer than the terminal is"]], 36)).toBe(
      "ID  WHY\n1   some words that are longer than\n    the terminal is\n",
    );
  });

  test("puts its last column below the row if there is too little room beside it", () => {
    const rows = [
      ["a".repeat(20), "short"],
      ["b", "longer than the room that there is beside it"],
    ];
    expect(formatTable(["ID", "WHY"], rows, 40)).toBe(
      `ID                    WHY\n${"a".repeat(20)}  short\nb\n      longer than the room that there is\n      beside it\n`,
    );
  });

  test("never loses a character of a word that is longer than a line", () => {
    const word = "x".repeat(100);
    const lines = formatTable(["ID", "WHY"], [["1", word]], 40).split("\n");
    expect(lines.every((line) => line.length <= 40)).toBe(true);
    expect(lines.join("").replace(/[^x]/g, "")).toBe(word);
  });
});

test("one row, two rows, no rows", () => {
  expect([1, 2, 0].map((number) => count(number, "row"))).toEqual(["1 row", "2 rows", "0 rows"]);
});

describe("one line on a narrow terminal", () => {
  test("stays as it is where it fits", () => {
    expect(folded("  do: this", 40)).toEqual(["  do: this"]);
    expect(folded(`  ${"long ".repeat(50)}`, Number.POSITIVE_INFINITY)).toHaveLength(1);
  });

  test("is broken between words, never wider than the terminal, and goes on further in", () => {
    const lines = folded(`    do: ${"a firewall lets the question pass ".repeat(9)}`, 80);
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(lines[0]).toMatch(/^ {4}do: a firewall/);
    for (const line of lines.slice(1)) expect(line).toMatch(/^ {8}\S/);
  });

  test("keeps the spaces inside it, by which columns stand below each other", () => {
    expect(folded("    0.001 |#   | -> everyone        DISCOVER: one two three four", 60)[0]).toBe(
      "    0.001 |#   | -> everyone        DISCOVER: one two",
    );
  });
});
