import { describe, expect, test } from "vitest";
import { coveragePage } from "../../src/dashboard/coverage-page.ts";
import { grouped } from "../../src/dashboard/coverage-picture.ts";
import { coverage } from "../../src/escrow/coverage/coverage.ts";
import { readDeviceList } from "../../src/fleet/device-list.ts";
import { companyReport, companySample, NOW } from "../escrow/coverage-sample.ts";
import { aboutSample } from "./coverage-about.ts";

const report = companyReport(600);
const page = coveragePage(report, aboutSample(report));

describe("the coverage page", () => {
  test("is the same bytes for the same values, whatever order the rows came in", () => {
    const { inventory, deposits, released } = companySample(600);
    const list = readDeviceList(inventory, "lenient").reverse();
    const question = { inventory: list, deposits: [...deposits].reverse(), released, now: NOW, maxAgeDays: 1_095 };
    const again = coverage(question);
    expect(coveragePage(again, aboutSample(again))).toBe(page);
  });

  test("is whole: nothing from outside, and no script", () => {
    expect(page).not.toMatch(/<script|<link|@import|url\((?!#)|src=|https?:/);
  });

  test("says first what it came to, then what was asked for", () => {
    expect(page).toMatch(/<div class="verdict short"><b>\d\d\.\d\d %<\/b>/);
    expect(page).toContain(`Short by ${aboutSample(report).requirement!.short} devices.`);
  });

  test("lists every device once, under its worst finding or among those with nothing to say", () => {
    const names = report.list.map(({ name }) => name!);
    for (const name of names)
      expect(page.split(`>${name}<`).length + page.split(`>${name} <span`).length - 2).toBe(
        names.filter((each) => each === name).length,
      );
  });

  test("names the inventory by its SHA-256, the vault and the ledger's entry, for whoever checks later", () => {
    const { inventorySha256, vaultId, entry } = aboutSample(report);
    for (const text of [inventorySha256, vaultId, `${entry.seq}:${entry.hash}`]) expect(page).toContain(text);
  });

  test("without a requirement or a limit of age judges nothing", () => {
    const plain = companyReport(50, null);
    const text = coveragePage(plain, { ...aboutSample(plain), requirement: null });
    expect(text).toContain('<div class="verdict">');
    expect(text).not.toContain("Required");
  });

  test("lets no name of an inventory become markup", () => {
    const inventory = readDeviceList(Buffer.from('name,site\n<img src=x onerror=alert(1)>,"<b>"'), "lenient");
    const hostile = coverage({ inventory, deposits: [], released: new Map(), now: NOW, maxAgeDays: null });
    expect(coveragePage(hostile, aboutSample(hostile))).not.toMatch(/<img|<b><|<td[^>]*><b>/);
  });
});

test("large numbers are grouped in threes", () => {
  expect([0, 999, 1_000, 1_234_567].map(grouped)).toEqual(["0", "999", "1,000", "1,234,567"]);
});
