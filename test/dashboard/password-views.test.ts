import { expect, test } from "vitest";
import { BLOCK_LINES, blockDigits } from "../../src/dashboard/block-digits.ts";
import { passwordViews, plainDigits } from "../../src/dashboard/password-views.ts";
import { Secret } from "../../src/wire/secret.ts";
import { PASSWORD_A } from "../escrow/fixture.ts";

test("block digits are four lines, six columns each, and no two of the ten look alike", () => {
  const all = Array.from({ length: 10 }, (_, digit) => blockDigits(String(digit)));
  for (const lines of all) {
    expect(lines).toHaveLength(BLOCK_LINES);
    for (const line of lines) expect([...line]).toHaveLength(5);
  }
  expect(new Set(all.map((lines) => lines.join("\n"))).size).toBe(10);
  expect([...blockDigits("461109")[0]!]).toHaveLength(35);
});

test("a password is ten views, and each fits a terminal of 80 columns and 24 lines with heading and footer", async () => {
  const views = await passwordViews(new Secret(PASSWORD_A));
  expect(views).toHaveLength(10);
  for (const { lines, width } of views) {
    expect(lines.length).toBeLessThanOrEqual(24 - 5);
    expect(width).toBeLessThanOrEqual(80);
    for (const line of lines) {
      const bare = line.replaceAll(/\u001b\[[0-9;]*m/g, "");
      expect([...bare].length).toBeLessThanOrEqual(width);
      expect(bare).not.toMatch(/[\u0000-\u001f]/);
    }
  }
});

test("on a small terminal it is a group a line", () => {
  expect(plainDigits(new Secret(PASSWORD_A)).lines).toEqual(
    PASSWORD_A.split("-").map((group, index) => `${index + 1}  ${group}`),
  );
});
