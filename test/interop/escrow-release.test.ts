import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import {
  depositOf,
  ID_A,
  ID_B,
  newVault,
  PASSPHRASE,
  PASSWORD_A,
  PASSWORD_B,
  showsDigits,
  temporaryFolder,
} from "../escrow/fixture.ts";
import { scanned, Terminal } from "./tmux.ts";

const MAIN = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");
const GROUPS = PASSWORD_A.split("-");

let folder: string;
let terminal: Terminal;

beforeEach(async () => {
  folder = temporaryFolder();
  const vault = await newVault(join(folder, "vault.sqlite"));
  await vault.depositAll([depositOf(ID_A, PASSWORD_A), depositOf(ID_B, PASSWORD_B, "PC-0002")]);
  await vault.close();
  await (await openOwn(true)).close();
  terminal = await Terminal.open(folder);
});
afterEach(() => terminal.close());

const openOwn = (create = false) =>
  openLedger(join(folder, "ledger.sqlite"), { station: "s", clock: Date.now, create });

async function released(): Promise<number> {
  const ledger = await openOwn();
  const entries = await ledger.read(0);
  await ledger.close();
  return entries.filter(({ body }) => body.type === "key.released-by-hand").length;
}

/** The command, typed as a person would, the passphrase too. A script of two lines keeps the screen free of paths. */
async function ask(options: string): Promise<string> {
  writeFileSync(
    join(folder, "ask"),
    `exec '${process.execPath}' '${MAIN}' escrow release --state '${folder}' ${options}\n`,
  );
  terminal.keys("sh ./ask", "Enter");
  await terminal.until("Passphrase of the vault");
  terminal.keys(PASSPHRASE.reveal(), "Enter");
  return shown("To be typed");
}

/** It is deaf for its first moment: what was typed ahead must not hide it. */
async function shown(text: string): Promise<string> {
  const screen = await terminal.until(text);
  await pause(600);
  return screen;
}

test("one password is shown large and as codes that a scanner reads exactly; a key hides it and nothing is left", async () => {
  const large = await ask("--protector 24b0aa32 --reason 'no network boot'");
  expect(large).toContain(`PC-0001, key protector ${ID_A}`);
  expect(await released()).toBe(1);
  terminal.keys("Space");
  const qr = scanned(await terminal.until("QR code"));
  expect(qr).toBe(GROUPS.join(""));
  expect(parseRecoveryPassword(qr).text.reveal()).toBe(PASSWORD_A);
  const read: string[] = [];
  for (let group = 1; group <= 8; group++) {
    terminal.keys("Space");
    read.push(scanned(await terminal.until(`Group ${group} of 8`)));
  }
  expect(read).toEqual(GROUPS);
  terminal.keys("b");
  await terminal.until("Group 7 of 8");
  terminal.keys("x");
  await terminal.until("Released: the recovery password");
  const left = terminal.scrollback();
  expect(left).not.toMatch(/[\u2580\u2584\u2588]/);
  expect(showsDigits(left)).toBe(false);
  for (const group of GROUPS) expect(left).not.toContain(group);
  expect(left).toContain("escrow rotation list");
});

test("it hides itself after the time that was set, the minute counted down on the screen", async () => {
  const screen = await ask("--protector 24b0aa32 --reason test --seconds 5");
  expect(screen).toMatch(/by itself in [345] s/);
  await terminal.until("Released: the recovery password");
  expect(terminal.scrollback()).not.toMatch(/[\u2580\u2584\u2588]/);
});

test("keys typed ahead of it hide nothing, a small window shows groups, and Ctrl-C hides it like any key", async () => {
  terminal.resize(40, 14);
  writeFileSync(
    join(folder, "ask"),
    `exec '${process.execPath}' '${MAIN}' escrow release --state '${folder}' --device PC-0002 --reason test\n`,
  );
  terminal.keys("sh ./ask", "Enter");
  await terminal.until("Passphrase of the vault");
  terminal.keys(PASSPHRASE.reveal(), "Enter", "Enter", "Enter");
  const small = await shown("A larger window");
  for (const [index, group] of PASSWORD_B.split("-").entries()) expect(small).toContain(`${index + 1}  ${group}`);
  terminal.resize(80, 24);
  await terminal.until("To be typed");
  terminal.keys("C-c");
  await terminal.until("Released: the recovery");
  for (const group of PASSWORD_B.split("-")) expect(terminal.scrollback()).not.toContain(group);
});

test("a program that is told to stop while it shows one hides it first", async () => {
  await ask("--protector 24b0aa32 --reason test");
  process.kill(ownPid(), "SIGTERM");
  await terminal.until("Released: the recovery password");
  expect(terminal.scrollback()).not.toMatch(/[\u2580\u2584\u2588]/);
});

/** The one process that has this vault's state folder in its command line. */
function ownPid(): number {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const found = all.find((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      return words.includes(folder) && words.includes("release");
    } catch {
      return false;
    }
  });
  return Number(found);
}
