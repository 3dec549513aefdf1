import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { describeWith } from "./needs.ts";
import { PAGE_NAMES, samplePages } from "./sample-pages.ts";
import { watchedPage } from "./watched-page.ts";

/** Some picture in place of a device's screen. */
const SCREEN = readFileSync(join(import.meta.dirname, "../../docs/pictures/report.png"));

describeWith(["chromium", "pdftotext"], "a page for people", async () => {
  const folder = mkdtempSync(join(tmpdir(), "breakglass-pages-"));
  const pages = await samplePages(SCREEN);
  afterAll(() => rmSync(folder, { recursive: true }));

  const open = (name: string) => {
    const file = join(folder, `${name}.html`);
    writeFileSync(file, pages[name]!);
    return watchedPage(file, 360);
  };
  const printed = async (name: string): Promise<string[]> => {
    const { browser, page } = await open(name);
    const file = join(folder, `${name}.pdf`);
    await page.pdf({ path: file, format: "A4" });
    await browser.close();
    const { stdout } = spawnSync("pdftotext", ["-layout", file, "-"], { encoding: "utf8" });
    return stdout.split("\f").slice(0, -1);
  };

  test.each(PAGE_NAMES)("fits a phone, 360 pixels wide, without scrolling sideways: %s", async (name) => {
    const { browser, page, complaints } = await open(name);
    const [wide, visible] = await page.evaluate<[number, number]>(
      "[document.scrollingElement.scrollWidth, innerWidth]",
    );
    await browser.close();
    expect(complaints).toEqual([]);
    expect(wide).toBeLessThanOrEqual(visible);
  });

  test.each(PAGE_NAMES)("leaves no sheet of paper nearly empty but its last: %s", async (name) => {
    const lines = (await printed(name)).map((sheet) => sheet.split("\n").filter((line) => line.trim() !== "").length);
    for (const count of lines.slice(0, -1)) expect(count, lines.join(" ")).toBeGreaterThanOrEqual(15);
  });

  test("prints a drill's folded stories and digests", async () => {
    const text = (await printed("drill")).join("\n");
    for (const device of ["moment 0:", "moment 29:"]) expect(text.split(device)).toHaveLength(8);
    expect(text.match(/network\.pcapng/g)).toHaveLength(3);
  });

  test("says on paper which devices of a coverage page are not printed", async () => {
    expect((await printed("coverage")).join("\n")).toMatch(/Not printed: \d+ devices covered/);
  });
});
