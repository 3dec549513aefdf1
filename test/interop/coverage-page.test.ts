import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { coveragePage } from "../../src/dashboard/coverage-page.ts";
import { aboutSample } from "../dashboard/coverage-about.ts";
import { companyReport } from "../escrow/coverage-sample.ts";
import { describeWith } from "./needs.ts";
import { type WatchedPage, watchedPage } from "./watched-page.ts";

describeWith(["chromium"], "the coverage page in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "breakglass-page-"));
  const report = companyReport(800);
  let { browser, page, asked, complaints } = {} as WatchedPage;

  beforeAll(async () => {
    const file = join(folder, "coverage.html");
    writeFileSync(file, coveragePage(report, aboutSample(report)));
    ({ browser, page, asked, complaints } = await watchedPage(file, 390));
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  test("asks for nothing but itself, and nothing in it is broken", () => {
    expect(asked).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  test("fits a narrow screen: nothing has to be scrolled sideways", async () => {
    const widths = "[document.documentElement.scrollWidth, window.innerWidth]";
    const [wide, visible] = await page.evaluate<[number, number]>(widths);
    expect(wide).toBeLessThanOrEqual(visible);
  });

  test("draws the three parts of its bar as wide as they are many, in this order", async () => {
    const parts = await page.evaluate<{ name: string; width: number }[]>(
      `[...document.querySelector("svg").querySelectorAll(":scope > rect")].map((rect) => ({ name: rect.textContent, width: rect.getBBox().width }))`,
    );
    expect(parts.map(({ name }) => name)).toEqual([
      `${report.covered} covered`,
      `${report.doubtful} doubtful`,
      `${report.missing} missing`,
    ]);
    const total = parts.reduce((sum, { width }) => sum + width, 0);
    expect(parts[0]!.width / total).toBeCloseTo(report.covered / report.devices, 1);
  });

  test("on paper has the lists, a place to sign, and no lists of the covered", async () => {
    await page.emulateMedia({ media: "print" });
    const visible = (selector: string) => page.locator(selector).first().isVisible();
    expect([await visible("h3"), await visible(".sign"), await visible("details")]).toEqual([true, true, false]);
  });
});
