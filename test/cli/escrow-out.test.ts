import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { createVault, openVault } from "../../src/escrow/vault.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { depositOf, ID_A, ID_B, PASSPHRASE, PASSWORD_A, PASSWORD_B, showsDigits } from "../escrow/fixture.ts";
import { breakglass, REFUSAL } from "./program.ts";
import { run, temporaryFolder } from "./run.ts";

let state: string;
let files: string;

beforeEach(async () => {
  files = temporaryFolder();
  state = join(files, "state");
  mkdirSync(state, { mode: 0o700 });
  const vault = await createVault(join(state, "vault.sqlite"), {
    ...{ clock: Date.now, passphrase: PASSPHRASE, workFactor: 1 },
  });
  await vault.depositAll([depositOf(ID_A, PASSWORD_A), depositOf(ID_B, PASSWORD_B)]);
  await vault.close();
  await (await openOwn()).close();
});

const openOwn = () => openLedger(join(state, "ledger.sqlite"), { station: "s", clock: Date.now, create: true });

async function entries() {
  const ledger = await openOwn();
  const all = await ledger.read(0);
  await ledger.close();
  return all;
}

const escrow = (...args: string[]) => run("escrow", ...args, "--state", state);
const campaign = (...args: string[]) => run("campaign", ...args, "--state", state);

/** Releases to a file, as a script would to a pipe, and gives what came there. */
async function release(args: readonly string[], passphrase = PASSPHRASE.reveal()) {
  writeFileSync(join(files, "passphrase"), passphrase);
  const descriptors = [openSync(join(files, "passphrase"), "r"), openSync(join(files, "out"), "w")];
  try {
    const [input, output] = descriptors.map(String) as [string, string];
    const ran = await escrow("release", ...args, "--passphrase-fd", input, "--fd", output);
    return { ...ran, given: readFileSync(join(files, "out"), "utf8") };
  } finally {
    for (const each of descriptors) closeSync(each);
  }
}

const given = () => (existsSync(join(files, "out")) ? readFileSync(join(files, "out"), "utf8") : "");
const ONE = ["--protector", ID_A.slice(0, 8), "--reason", "no network boot", "--ticket", "INC7"];

describe("escrow release", () => {
  test("gives a script one password on the descriptor it opened, shows none, and has written down who, what and why", async () => {
    const { stdout, exitCode, given } = await release([...ONE, "--json"]);
    expect(exitCode).toBe(0);
    expect(given).toBe(`${PASSWORD_A}\n`);
    expect(JSON.parse(stdout)).toMatchObject({ released: { protectorId: ID_A, deviceName: "PC-0001" }, entry: 1 });
    expect(showsDigits(stdout)).toBe(false);
    const [entry] = await entries();
    expect(entry!.actor).toMatch(/^operator:./);
    expect(entry!.body).toMatchObject({
      ...{ type: "key.released-by-hand", channel: "desk", reason: "no network boot", ticket: "INC7" },
      ...{ deviceName: "PC-0001", protectorId: ID_A, duringHalt: null },
    });
    expect(showsDigits(JSON.stringify(entry))).toBe(false);
  });

  test("lists the candidates where a device's name fits several key protectors, and releases none", async () => {
    const { stdout, exitCode, given } = await release(["--device", "pc-0001", "--reason", "x"], "never read");
    expect(exitCode).toBe(1);
    expect(given).toBe("");
    for (const id of [ID_A, ID_B]) expect(stdout).toContain(id);
    expect(stdout).toContain("Nothing was released");
    expect(await entries()).toEqual([]);
  });

  test("says that nothing fits, before it asks for a passphrase", async () => {
    expect(await release(["--device", "PC-9", "--reason", "x"], "never read")).toMatchObject({
      ...{ exitCode: 1, given: "", stdout: expect.stringContaining("no recovery password for PC-9") },
    });
  });

  test("is refused while the campaign is halted, and let through for somebody who says so", async () => {
    await campaign("arm", "--remedy", "channel-file-291");
    await campaign("halt", "--reason", "smoke");
    const refused = { exitCode: 3, message: expect.stringMatching(/HALTED.*Nothing was released. \(halted\)/) };
    await expect(release(ONE)).rejects.toMatchObject(refused);
    expect(given()).toBe("");
    expect(await release([...ONE, "--during-halt"])).toMatchObject({ exitCode: 0, given: `${PASSWORD_A}\n` });
    expect((await entries()).slice(-2).map(({ body }) => body)).toMatchObject([
      { type: "key.refused-by-hand", reason: "halted", protectorId: ID_A },
      { type: "key.released-by-hand", duringHalt: expect.stringMatching(/^20/) },
    ]);
  });

  test("of one key protector is refused after five in a day, and says when one more may be asked for", async () => {
    for (let count = 0; count < 5; count++) await release(ONE);
    const refused = { exitCode: 3, message: expect.stringContaining("hand-cap"), next: expect.stringMatching(/20..-/) };
    await expect(release(ONE)).rejects.toMatchObject(refused);
  });

  test("with a wrong passphrase releases nothing and writes nothing down", async () => {
    await expect(release(ONE, "not the passphrase")).rejects.toMatchObject({ exitCode: 3 });
    expect(given()).toBe("");
    expect(await entries()).toEqual([]);
  });

  test("never writes to standard output, a terminal's place or a descriptor that is not open for writing", async () => {
    for (const args of [
      ["--fd", "1"],
      ["--fd", "2"],
      ["--fd", "99"],
      ["--fd", "x"],
    ])
      await expect(escrow("release", ...ONE, ...args)).rejects.toMatchObject({ exitCode: 2 });
    for (const args of [[], ["--fd", "3"]]) {
      const ran = await breakglass(["escrow", "release", ...ONE, "--state", state, ...args], PASSPHRASE.reveal());
      expect(ran).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringMatching(REFUSAL) });
    }
    expect(await entries()).toEqual([]);
  });

  test("refuses what cannot be meant, and repeats no password that was typed in the wrong place", async () => {
    for (const args of [
      ["--reason", "x"],
      [...ONE, "--device", "PC-0001"],
      ["--protector", "24B0", "--reason", "x"],
      ["--protector", ID_A, "--reason", `it is ${PASSWORD_A}`],
      ["--protector", ID_A, "--reason", " "],
    ])
      await expect(escrow("release", ...args)).rejects.toMatchObject({ exitCode: 2 });
    const ran = await breakglass(["escrow", "release", "--protector", PASSWORD_A, "--reason", "x", "--state", state]);
    expect(ran).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringMatching(REFUSAL) });
    expect(showsDigits(ran.stderr)).toBe(false);
    expect(await entries()).toEqual([]);
  });
});

describe("escrow rotation", () => {
  test("has what was released until a newer password of its device is deposited, and halt points to it", async () => {
    expect((await escrow("rotation", "list")).stdout).toBe("Nothing is left to rotate.\n");
    await release(ONE);
    const { stdout } = await escrow("rotation", "list");
    expect(stdout).toContain(ID_A);
    expect(stdout).toContain("no network boot (INC7)");
    expect(stdout).not.toContain(ID_B);
    await campaign("arm", "--remedy", "channel-file-291");
    expect((await campaign("halt")).stdout).toMatch(
      /1 recovery password to rotate.*escrow rotation list --state \S+\n$/s,
    );
    const vault = await openVault(join(state, "vault.sqlite"), { clock: () => Date.now() + 1000 });
    await vault.deposit(depositOf(ID_A, PASSWORD_B));
    await vault.close();
    expect(JSON.parse((await escrow("rotation", "list", "--json")).stdout)).toEqual([]);
  });

  test("is a CSV for the directory team, never over a file that is there, and commands with the devices filled in", async () => {
    await release(ONE);
    const csv = join(files, "rotate.csv");
    await escrow("rotation", "list", "--csv", csv);
    expect(readFileSync(csv, "utf8").split("\r\n")[1]).toMatch(`PC-0001,,,Entra,,${ID_A},20`);
    await expect(escrow("rotation", "list", "--csv", csv)).rejects.toMatchObject({ exitCode: 2 });
    const { stdout } = await escrow("rotation", "commands");
    expect(stdout).toContain("Name = 'PC-0001'");
    expect(showsDigits(stdout)).toBe(false);
    expect((await escrow("rotation", "commands", "--for", "mbam")).stdout).toBe("");
  });

  test("loses a device that somebody says is rotated, with the reason in the ledger", async () => {
    await release(ONE);
    expect(await escrow("rotation", "done", "PC-7", "--reason", "x")).toMatchObject({ exitCode: 1 });
    expect(await escrow("rotation", "done", "pc-0001", "--reason", "seen in Entra")).toMatchObject({ exitCode: 0 });
    expect((await entries()).at(-1)!.body).toMatchObject({ type: "key.rotated", reason: "seen in Entra" });
    expect((await escrow("rotation", "list")).stdout).toBe("Nothing is left to rotate.\n");
    await expect(escrow("rotation", "done", "PC-0001", "--reason", " ")).rejects.toMatchObject({ exitCode: 2 });
  });
});
