import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reportPage } from "../../src/drill/report/page.ts";
import { passedDrill } from "../drill/fixture.ts";
import { describeWith } from "./needs.ts";

describeWith(["chromium"], "the report page in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "breakglass-page-"));
  const asked: string[] = [];
  const complaints: string[] = [];
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const file = join(folder, "report.html");
    writeFileSync(file, reportPage(passedDrill(), new Map()));
    const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", ...quiet] });
    page = await browser.newPage({ viewport: { width: 400, height: 800 } });
    page.on("request", (request) => asked.push(request.url()));
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(pathToFileURL(file).href);
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
