import { expect, it } from "vitest";
import { Budget } from "../../src/station/budget.ts";

it("T16 a budget gives each key its share, so many keys in all, and everything anew after a minute", () => {
  const budget = new Budget({ perKey: 2, keys: 2 });
  const take = (keys: string, now: number) => [...keys].map((key) => budget.take(key, now));
  expect(take("aaabbc", 1000)).toEqual([true, true, false, true, true, false]);
  expect(take("ac", 60_999)).toEqual([false, false]);
  expect(take("ca", 61_000)).toEqual([true, true]);
});

it("T16 a clock that is set back does not stop it for ever", () => {
  const budget = new Budget({ perKey: 1, keys: 1 });
  expect(budget.take("a", 1_000_000)).toBe(true);
  expect(budget.take("a", 0)).toBe(true);
});
