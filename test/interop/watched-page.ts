import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";

export interface WatchedPage {
  readonly browser: Browser;
  readonly page: Page;
  /** All that it asked for, itself included. */
  readonly asked: readonly string[];
  readonly complaints: readonly string[];
}

/** That file in Debian's chromium, which asks for nothing by itself, on a screen so wide. */
export async function watchedPage(file: string, width: number): Promise<WatchedPage> {
  const [asked, complaints]: [string[], string[]] = [[], []];
  const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", ...quiet] });
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(pathToFileURL(file).href);
  return { browser, page, asked, complaints };
}
