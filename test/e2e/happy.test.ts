import { beforeAll, describe, expect, test } from "vitest";
import { buildImage, type Drilled, deviations, drill } from "./run-drill.ts";

describe("one broken device, rescued end to end by one command", () => {
  let drilled: Drilled;
  beforeAll(async () => {
    buildImage();
    drilled = await drill();
  });

  test("everything that had to hold did, and the exit code says so", () => {
    expect(deviations(drilled)).toEqual([]);
    expect(drilled.exitCode).toBe(0);
  });

  test("the last line counts the rescued devices and the time from power-on to a healthy boot", () => {
    expect(drilled.lastLine).toMatch(/^drill passed: 1 of 1 devices rescued, power-on to healthy [0-9]+ s$/);
  });

  test("it was shown to crash twice before and to come up healthy five times after", () => {
    const [device] = drilled.report.scenarios[0]!.devices;
    expect(device).toMatchObject({ outcome: "rescued", crashesSeen: 2, healthyBootsSeen: 5 });
  });

  test("one recovery password was released, and one file moved", () => {
    const [device] = drilled.report.scenarios[0]!.devices;
    expect(device!.keyProtectorIdsReleased).toHaveLength(1);
    expect(device!.changes.filter(({ change }) => change === "moved")).toMatchObject([
      { path: "Windows/System32/drivers/CrowdStrike/C-00000291-00000000-00000032.sys" },
    ]);
  });

  test("no recovery password was written down anywhere, and the search had something to search", () => {
    const secrecy = drilled.report.scenarios[0]!.checks.find(({ id }) => id === "secrecy");
    expect(secrecy).toMatchObject({ passed: true });
    expect(secrecy!.evidence).toMatch(/[1-9][0-9] files, [1-9][0-9]+ MB/);
    expect(`${drilled.output}${drilled.page}`).not.toMatch(/[0-9]{6}(-[0-9]{6}){7}/);
  });

  test("the report page shows the device's screen and needs nothing from outside", () => {
    expect(drilled.page).toContain("data:image/png;base64,");
    expect(drilled.page).not.toMatch(/<script|<link|src="http/);
  });
});
