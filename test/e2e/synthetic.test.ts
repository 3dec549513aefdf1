import { beforeAll, describe, expect, test } from "vitest";
import { buildImage, drill } from "./run-drill.ts";

describe("a hundred and fifty devices that ask at the same moment", () => {
  let drilled: Awaited<ReturnType<typeof drill>>;

  beforeAll(async () => {
    buildImage();
    drilled = await drill("--synthetic", "150", "--loads", "8");
  });

  test("T16 are all rescued, none twice, each with its own recovery password, by a station that lets eight load at once", () => {
    expect(drilled.report.deviations).toEqual([]);
    expect(drilled.exitCode).toBe(0);
    expect(drilled.lastLine).toMatch(/^drill passed: 150 of 150 synthetic devices rescued; first after [0-9.]+ s/);
  });

  test("wait for their turn, and are done one after another instead of all at the end", () => {
    const { summary } = drilled.report as unknown as {
      summary: { waited: number; secondsToRescued: { first: number; all: number } };
    };
    expect(summary.waited).toBeGreaterThan(100);
    expect(summary.secondsToRescued.first).toBeLessThan(summary.secondsToRescued.all);
  });

  test("are drawn as a curve on a page that needs nothing from outside", () => {
    expect(drilled.page).toContain("devices rescued over time");
    expect(drilled.page).not.toMatch(/<script|src="http/);
  });
});
