import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reportPage } from "../../src/drill/report/page.ts";
import { passedDrill } from "../drill/fixture.ts";
import { describeWith } from "./needs.ts";
import { type WatchedPage, watchedPage } from "./watched-page.ts";

describeWith(["chromium"], "the report page in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "breakglass-page-"));
  let { browser, page, asked, complaints } = {} as WatchedPage;

  beforeAll(async () => {
    const file = join(folder, "report.html");
    writeFileSync(file, reportPage(passedDrill(), new Map()));
    ({ browser, page, asked, complaints } = await watchedPage(file, 400));
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  test("asks for nothing but itself, and nothing in it is broken", () => {
    expect(asked.filter((url) => !url.startsWith("data:"))).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  test("says the verdict first", async () => {
    expect(await page.locator("body").innerText()).toMatch(/^.*\n[\s\S]{0,200}drill passed: 1 of 1 devices rescued/);
  });

  test("fits a narrow screen: nothing has to be scrolled sideways", async () => {
    const widths = "[document.documentElement.scrollWidth, window.innerWidth]";
    const [wide, visible] = await page.evaluate<[number, number]>(widths);
    expect(wide).toBeLessThanOrEqual(visible);
  });
});
