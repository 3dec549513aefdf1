import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { newIdentity, openIdentity, openRecord } from "../../src/escrow/record.ts";
import {
  depositOf,
  ID_A,
  ID_B,
  newVault,
  PASSPHRASE,
  PASSWORD_A,
  PASSWORD_B,
  temporaryFolder,
} from "../escrow/fixture.ts";
import { withTerminals } from "./terminal.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/formats/vault.md"), "utf8");
const COMMANDS = /```sh\n(.*?)```/s.exec(PAGE)![1]!;

/** Runs the page's commands as a person would, on a terminal of their own, and types the passphrase when asked. */
function recover(
  folder: string,
  passphrase: string,
): Promise<{ readonly code: number | null; readonly screen: string }> {
  const script = ["script", "--quiet", "--return", "--command", `set -e; ${COMMANDS}`, "/dev/null"];
  const [program, ...args] = withTerminals(script) as [string, ...string[]];
  const child = spawn(program, args, { cwd: folder });
  let screen = "";
  let typed = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    screen += text;
    if (typed || !/passphrase/i.test(screen)) return;
    typed = true;
    child.stdin.write(`${passphrase}\n`);
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, screen })));
}

test("the commands of docs/formats/vault.md open a deposit with stock sqlite3 and age, and leave nothing behind", async () => {
  const folder = temporaryFolder();
  const vault = await newVault(join(folder, "vault.sqlite"));
  await vault.depositAll([depositOf(ID_B, PASSWORD_B), depositOf(ID_A, PASSWORD_A)]);
  await vault.close();
  const { code, screen } = await recover(folder, PASSPHRASE.reveal());
  expect(code, screen).toBe(0);
  expect(screen.replaceAll("\r", "")).toContain(`key-protector-id ${ID_A}\nrecovery-password ${PASSWORD_A}\n`);
  expect(screen).not.toContain(PASSWORD_B);
  expect(readdirSync(folder)).toEqual(["vault.sqlite"]);
});

test("with a wrong passphrase they show nothing", async () => {
  const folder = temporaryFolder();
  const vault = await newVault(join(folder, "vault.sqlite"));
  await vault.deposit(depositOf());
  await vault.close();
  const { code, screen } = await recover(folder, "not the passphrase");
  expect(code).not.toBe(0);
  expect(screen).not.toContain(PASSWORD_A.slice(0, 6));
});

test("a record that the age program wrote opens here too", async () => {
  const sealed = await newIdentity("vault-1", PASSPHRASE, 1);
  const identity = await openIdentity(sealed.sealedIdentity, sealed.recipient, PASSPHRASE);
  if (identity === "wrong-passphrase") throw new Error(identity);
  const { stdout } = spawnSync("age", ["--encrypt", "--armor", "--recipient", sealed.recipient], {
    encoding: "utf8",
    input: `key-protector-id ${ID_A}\nrecovery-password ${PASSWORD_A}\n`,
  });
  expect((await openRecord(stdout, identity, ID_A)).reveal()).toBe(PASSWORD_A);
});
