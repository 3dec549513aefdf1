import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reportPage } from "../../src/drill/report/page.ts";
import { reportJson } from "../../src/drill/report/report.ts";
import { percentile, verdict } from "../../src/drill/report/result.ts";
import { checkOf, deviceOf, drillOf, passedDrill, scenarioOf } from "./fixture.ts";

describe("the verdict", () => {
  test("of a drill in which everything held counts devices and the slowest time to a healthy boot", () => {
    expect(verdict(passedDrill().scenarios)).toEqual({
      passed: true,
      line: "drill passed: 1 of 1 devices rescued, power-on to healthy 61 s",
    });
  });

  test("fails on one check that did not hold, and names it with its device", () => {
    const scenarios = [
      scenarioOf([deviceOf()], [checkOf(), checkOf({ passed: false, title: "ledger verifies", device: null })]),
    ];
    expect(verdict(scenarios)).toEqual({ passed: false, line: "drill failed: ledger verifies" });
  });

  test("does not count a device that was expected to be left alone as one to rescue", () => {
    const left = deviceOf({ expected: "no-key", outcome: "no-key", rescued: false });
    expect(verdict([scenarioOf([left], [checkOf()])]).line).toMatch(/^drill passed: 1 of 1 scenarios as expected/);
  });
});

test("a percentile is one of the values, and the 100th is the greatest", () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.integer({ min: 0, max: 100 }), (values, p) => {
      expect(values).toContain(percentile(values, p));
      expect(percentile(values, 100)).toBe(Math.max(...values));
    }),
  );
});

describe("the report", () => {
  test("has the same bytes for the same drill", () => {
    expect(reportJson(passedDrill())).toBe(reportJson(passedDrill()));
    expect(reportPage(passedDrill(), new Map())).toBe(reportPage(passedDrill(), new Map()));
  });

  test("names what did not hold as a deviation, and puts it before everything else on the page", () => {
    const drill = drillOf([scenarioOf([deviceOf()], [checkOf({ passed: false, title: "five healthy boots" })])]);
    expect(JSON.parse(reportJson(drill))).toMatchObject({
      passed: false,
      deviations: [{ title: "five healthy boots" }],
    });
    const page = reportPage(drill, new Map());
    expect(page.indexOf("What did not hold")).toBeLessThan(page.indexOf("power-on to healthy boot"));
  });

  test("is one page that needs nothing from outside and runs nothing", () => {
    const page = reportPage(passedDrill(), new Map());
    expect(page).not.toMatch(/<script|https?:|<link|@import|url\(/);
  });

  test("shows text of devices as text", () => {
    expect(reportPage(passedDrill(), new Map())).toContain("(1 of 2) &lt;now&gt;");
  });
});
