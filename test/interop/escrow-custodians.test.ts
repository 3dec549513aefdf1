import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { shareCardsPage, shareCardText, shareGroups } from "../../src/dashboard/share-cards.ts";
import { splitKey } from "../../src/escrow/locks/custodians.ts";
import type { LockChange } from "../../src/escrow/locks/lock.ts";
import { type Share, shareText } from "../../src/escrow/locks/share.ts";
import { Receipt } from "../../src/ledger/ledger.ts";
import { depositOf, newVault, PASSPHRASE, PASSWORD_A, temporaryFolder } from "../escrow/fixture.ts";
import { describeWith } from "./needs.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/formats/vault.md"), "utf8");

function receiptOf({ body }: LockChange): Receipt {
  const entry = { ledgerId: "L", epoch: 1, seq: 7, prev: "", hash: "h", at: 0, stationAt: 0, station: "s" };
  return Receipt.mint({ ...entry, actor: "a", commandId: "c", generation: 1, body }, false);
}

const cardsOf = async (): Promise<readonly Share[]> => {
  const set = { setId: "9F3A22C1", threshold: 3, shares: 5 };
  return (await splitKey("3FD3ED41-1B77-4BA1-8A5C-7C3A2D3E4F50", set, randomBytes)).cards;
};

function read(image: Uint8Array): string {
  return spawnSync("zbarimg", ["--quiet", "--raw", "-"], { input: image }).stdout.toString().trim();
}

describeWith(["age", "python3", "sqlite3"], "the custodians' part of docs/formats/vault.md", () => {
  test("its script and commands open a deposit with any three of five shares and the stock age program", async () => {
    const folder = temporaryFolder();
    const vault = await newVault(join(folder, "vault.sqlite"));
    await vault.unseal(PASSPHRASE);
    await vault.deposit(depositOf());
    const size = { threshold: 3, shares: 5 };
    const { change, cards } = await vault.locks.split(vault.heldIdentity(), size, randomBytes);
    vault.locks.apply(change, receiptOf(change), 0);
    await vault.close();
    const script = PAGE.slice(PAGE.indexOf("### In an emergency: the custodians"));
    const commands = /```sh\n(.*?)```/s.exec(script)![1]!;
    writeFileSync(join(folder, "combine.py"), /```python\n(.*?)```/s.exec(script)![1]!);
    spawnSync("sh", ["-c", `sqlite3 vault.sqlite "SELECT record FROM deposit" > record.age`], { cwd: folder });
    const typed = [cards[4]!, cards[0]!, cards[2]!].map((card) => shareText(card).reveal());
    const ran = spawnSync("sh", ["-ec", commands], { cwd: folder, input: `${typed.join("\n")}\n`, encoding: "utf8" });
    expect(ran.stdout, ran.stderr).toContain(`recovery-password ${PASSWORD_A}\n`);
    typed[1] = typed[1]!.replace(/.$/, (last) => (last === "Q" ? "P" : "Q"));
    const wrong = spawnSync("python3", ["combine.py"], { cwd: folder, input: typed.join("\n"), encoding: "utf8" });
    expect([wrong.status, wrong.stderr]).toEqual([1, expect.stringMatching(/^mistyped: BG1/)]);
  });
});

describeWith(["zbarimg", "rsvg-convert"], "share cards", () => {
  test("carry their share as a code that a scanner reads", async () => {
    const cards = await cardsOf();
    const symbols = (await shareCardsPage(cards, "2026-11-25")).match(/<svg.*?<\/svg>/gs)!;
    const codes = symbols.map((svg) => read(spawnSync("rsvg-convert", ["--zoom", "2"], { input: svg }).stdout));
    expect(codes).toEqual(cards.map((card) => shareGroups(card).join("")));
  });
});

describeWith(["chromium"], "a page of share cards", () => {
  test("prints each card on one page, of A4 and of Letter, and the note on none", async () => {
    const folder = temporaryFolder();
    const page = await shareCardsPage(await cardsOf(), "2026-11-25");
    expect(page).not.toMatch(/(?:src|href)=|url\(/);
    for (const size of ["A4", "Letter"]) {
      mkdirSync(join(folder, size));
      writeFileSync(join(folder, size, "cards.html"), page.replace("@page { ", `@page { size:${size}; `));
      const pdf = join(folder, size, "cards.pdf");
      const flags = [
        "--headless",
        "--no-sandbox",
        `--user-data-dir=${join(folder, "profile")}`,
        `--print-to-pdf=${pdf}`,
      ];
      spawnSync("chromium", [...flags, `file://${join(folder, size, "cards.html")}`]);
      expect(readFileSync(pdf, "latin1").match(/\/Type ?\/Page\b/g)).toHaveLength(5);
    }
  });
});

test("a card on a terminal says which it is, numbers the groups, and holds no other share", async () => {
  const [one, two] = (await cardsOf()) as [Share, Share];
  const text = await shareCardText(one, "2026-11-25");
  expect(text).toMatch(/^Share 1 of 5: any 3 of 5 shares open vault 3FD3ED41\. Set 9F3A22C1, made on 2026-11-25\./);
  for (const [index, group] of shareGroups(one).slice(1).entries()) expect(text).toContain(`${index + 1}  ${group}`);
  expect(text).not.toContain(shareGroups(two)[7]);
});
