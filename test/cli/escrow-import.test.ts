import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { randomRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import { createVault, openVault } from "../../src/escrow/vault.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { Secret } from "../../src/wire/secret.ts";
import { breakglass, REFUSAL } from "./program.ts";
import { run, temporaryFolder } from "./run.ts";

const EXPORTS = join(import.meta.dirname, "..", "exports");
const MAIN = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");
const PASSWORD = "461109-608201-413820-485342-181588-463056-430617-501391";
const ID = "24B0AA32-F8D0-40BA-BB05-73A800324C09";
let state: string;
let files: string;

beforeEach(async () => {
  files = temporaryFolder();
  state = join(files, "state");
  mkdirSync(state, { mode: 0o700 });
  const options = { clock: Date.now, passphrase: new Secret("six plain words for a test"), workFactor: 1 };
  await (await createVault(join(state, "vault.sqlite"), options)).close();
});

const sample = (name: string) => join(EXPORTS, name);
const importing = (...args: string[]) => run("escrow", "import", ...args, "--state", state);

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(files, name), content);
  return join(files, name);
}

async function lastEvent() {
  const ledger = await openLedger(join(state, "ledger.sqlite"), { station: "test", clock: () => 0 });
  const entries = await ledger.read(0);
  await ledger.close();
  return entries.at(-1)?.body;
}

async function deposits(): Promise<number> {
  const vault = await openVault(join(state, "vault.sqlite"), { clock: Date.now });
  try {
    return vault.status().deposits;
  } finally {
    await vault.close();
  }
}

/** The real program with a file as its standard input. */
async function piped(path: string, ...args: string[]) {
  const child = spawn(process.execPath, [MAIN, "escrow", "import", "-", "--state", state, ...args]);
  createReadStream(path).pipe(child.stdin);
  child.stdin.on("error", () => {});
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const [exitCode] = await once(child, "close");
  return { stdout, stderr, exitCode };
}

describe("import", () => {
  test("the ledger has the form, the counts and the files that were not read", async () => {
    const { stdout, exitCode } = await importing(sample("graph-folder"));
    expect(exitCode).toBe(1);
    expect(stdout).toContain("3 rows: 3 deposited, 0 already present, 0 superseded, 0 rejected. Read as graph.");
    expect(stdout).toContain("3 deposits got the name of a device from a list of devices.");
    expect(stdout).toMatch(/^NOT READ: notes.txt is not an export that breakglass knows\. Look/m);
    expect(await lastEvent()).toMatchObject({
      type: "vault.imported",
      source: "graph-folder",
      format: "graph",
      deposited: 3,
      rejected: 0,
      named: 3,
      filesNotRead: 1,
    });
  });

  test("a folder whose files are all read, and whose rows are all good, is exit code 0", async () => {
    mkdirSync(join(files, "all"));
    for (const name of ["ad-ldifde.ldf", "graph-bare.json", "manage-bde-en.txt"])
      file(join("all", name), readFileSync(sample(name)));
    const { stdout, exitCode } = await importing(join(files, "all"));
    expect(stdout).toContain("4 rows: 2 deposited, 2 already present");
    expect(stdout).toContain("Read as ad-ldif, graph, manage-bde.");
    expect(exitCode).toBe(0);
  });

  test("rows of several files are tabled with their file", async () => {
    const { stdout } = await importing(sample("recovery-files"));
    expect(stdout).toMatch(/^BitLocker Recovery Key 57AAD8AE-\S+ +1 +57AAD8AE-\S+ +it has no whole recovery password/m);
  });

  test.each([
    // One of them under the first 8 characters of its ID.
    ["crowdstrike.csv", 5],
    ["exports.zip", 4],
  ])("%s comes through a pipe", async (name, deposited) => {
    const { stdout, exitCode } = await piped(sample(name), "--json");
    expect(JSON.parse(stdout)).toMatchObject({ source: "standard input", deposited });
    expect(exitCode).toBe(1);
  });

  test("only the first of many rejected rows are shown, and the report has them all", async () => {
    const rows = Array.from({ length: 250 }, (_, row) => `PC-${row},${ID},NULL`);
    const csv = file("keys.csv", ["Hostname,KeyID,RecoveryKey", ...rows].join("\n"));
    const { stdout } = await importing(csv);
    expect(stdout).toContain("... and 150 more: name a file with --report for all.");
    await importing(csv, "--report", join(files, "report.csv"));
    expect(readFileSync(join(files, "report.csv"), "utf8").trim().split("\r\n")).toHaveLength(251);
  });

  test.each([
    ["nowhere.csv", /The export \S+nowhere.csv cannot be read: there is no such file. Nothing was deposited/],
    ["empty-folder", /There is no file in .*empty-folder. Nothing was deposited/],
    ["workbook.xlsx", /The export .*workbook.xlsx is an Excel workbook .*. Nothing was deposited/],
    ["password.zip", /Nothing of .*password.zip could be read \(1 file\). The first, id-key.csv, needs a password. No/],
    ["empty.csv", /The export .*empty.csv is empty. Nothing was deposited/],
    ["letter.txt", /The export .*letter.txt is not an export that breakglass knows. Nothing was deposited/],
  ])("%s is refused in words, and nothing is in the ledger", async (name, message) => {
    mkdirSync(join(files, "empty-folder"));
    file("empty.csv", "");
    file("letter.txt", "Dear all,\n");
    for (const each of ["workbook.xlsx", "password.zip"]) file(each, readFileSync(sample(each)));
    const ran = await breakglass(["escrow", "import", join(files, name), "--state", state]);
    expect(ran).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringMatching(message) });
    expect(ran.stderr).toMatch(REFUSAL);
    expect(existsSync(join(state, "ledger.sqlite")) ? await lastEvent() : undefined).toBeUndefined();
  });

  test("an export without a recovery password in it is no success", async () => {
    const { stdout, exitCode } = await importing(file("keys.csv", "KeyID,RecoveryKey\n"));
    expect(stdout).toContain("It holds no recovery password: was it the right export?");
    expect(exitCode).toBe(1);
  });

  test("--format has the last word, and one that does not exist lists those that do", async () => {
    const lines = file("keys.txt", `Schlüssel {${ID}}\n${PASSWORD}\n`);
    expect((await importing(lines, "--format", "recovery-file")).stdout).toContain("1 deposited");
    const ran = await breakglass(["escrow", "import", lines, "--format", "excel", "--state", state]);
    expect(ran.stderr).toMatch(/Allowed choices are graph, ad-csv/);
    expect(ran.exitCode).toBe(2);
    const wrong = importing(sample("graph-bare.json"), "--format", "mbam");
    await expect(wrong).rejects.toThrow(/has no header of such an export in line 1/);
  });
});

describe("--report", () => {
  test("writes what became of every row as CSV that no spreadsheet obeys, for its owner alone", async () => {
    const evil = `=cmd|' /C calc'!A0,${ID},${PASSWORD}\n"a ""b"", c",${ID},\n`;
    const report = join(files, "report.csv");
    await importing(file("keys.csv", `Hostname,KeyID,RecoveryKey\n${evil}`), "--report", report);
    expect(readFileSync(report, "utf8").split("\r\n")).toEqual([
      "file,line,fate,protectorId,deviceName,passwords,reason,detail",
      `,2,deposited,${ID},'=cmd|' /C calc'!A0,1,,`,
      `,3,rejected,${ID},,,no-password,RecoveryKey is empty or NULL: the export could not read it`,
      "",
    ]);
    expect(statSync(report).mode & 0o777).toBe(0o600);
  });

  test("writes JSON lines, files that were not read included, and no digit of a password", async () => {
    const report = join(files, "report.jsonl");
    await importing(sample("exports.zip"), "--report", report);
    const text = readFileSync(report, "utf8");
    const rows = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows.map(({ fate }) => fate).sort()).toEqual([
      ...Array(4).fill("deposited"),
      ...Array(2).fill("file-not-read"),
    ]);
    expect(rows.find(({ file }) => file === "older.zip")).toMatchObject({ detail: "is a zip within a zip" });
    expect(text).not.toMatch(/[0-9]{6}-[0-9]{6}/);
  });

  test.each([
    ["report.txt", /says by no ending what it shall be. Nothing was imported/],
    ["there.csv", /it is there already. Nothing was imported/],
    ["no/folder.csv", /there is no such folder. Nothing was imported/],
  ])("%s is refused before anything is imported", async (name, message) => {
    file("there.csv", "mine");
    await expect(importing(sample("id-key.csv"), "--report", join(files, name))).rejects.toThrow(message);
    expect(await deposits()).toBe(0);
    expect(readFileSync(join(files, "there.csv"), "utf8")).toBe("mine");
  });
});

test("killed in the middle, what was reported is in the vault, it is whole, and the same import again completes it", async () => {
  const rows = Array.from({ length: 9000 }, (_, row) => {
    const bytes = new Uint8Array(16);
    new DataView(bytes.buffer).setUint32(4, row);
    const id = `00000000-0000-4000-8000-${String(row).padStart(12, "0")}`;
    return `PC-${row},${id},${randomRecoveryPassword(bytes).text.reveal()}`;
  });
  const csv = file("keys.csv", ["Hostname,KeyID,RecoveryKey", ...rows].join("\n"));
  const report = join(files, "report.jsonl");
  const child = spawn(process.execPath, [MAIN, "escrow", "import", csv, "--state", state, "--report", report]);
  const closed = once(child, "close");
  while (child.exitCode === null && (statSync(report, { throwIfNoEntry: false })?.size ?? 0) < 100_000) await pause(2);
  child.kill("SIGKILL");
  await closed;
  const told = readFileSync(report, "utf8").split("\n").length - 1;
  const inside = await deposits();
  expect(told).toBeGreaterThan(0);
  expect(inside).toBeGreaterThanOrEqual(told);
  const again = JSON.parse((await importing(csv, "--json")).stdout);
  expect(again).toMatchObject({ rows: 9000, present: inside, deposited: 9000 - inside });
  expect(await deposits()).toBe(9000);
});

test("an import that left something out is said by escrow status, until one of the same name leaves out nothing", async () => {
  const header = "Hostname,KeyID,RecoveryKey\n";
  const csv = file("keys.csv", `${header}PC-0001,${ID},\n`);
  expect((await importing(csv)).exitCode).toBe(1);
  const status = async () => (await run("escrow", "status", "--state", state)).stdout;
  expect(await status()).toMatch(
    /NOT COMPLETE: keys\.csv, imported .*: 1 row rejected\. Correct it, and import it again\./,
  );
  writeFileSync(csv, `${header}PC-0001,${ID},${PASSWORD}\n`);
  expect((await importing(csv)).exitCode).toBe(0);
  expect(await status()).not.toMatch(/NOT COMPLETE/);
});

test("a table that no format knows is refused with its columns, and read by those an operator names", async () => {
  const csv = file("odd.csv", `Asset;Prot;Geheim\nPC-0001;${ID};${PASSWORD}\n`);
  const program = (...args: string[]) => breakglass(["escrow", "import", csv, "--state", state, ...args]);
  const refused = await program();
  expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
  expect(refused.stderr).toMatch(
    /Its columns are "Asset", "Prot", "Geheim"\. .*--columns id=NAME,password=NAME,device=NAME/,
  );
  const read = await program("--columns", "id=Prot,password=Geheim,device=Asset");
  expect(read.exitCode).toBe(0);
  expect(read.stderr).toMatch(new RegExp(`The first rows, by these columns:\\n.*\\n2 +${ID} +PC-0001 +good\\n`));
  expect(read.stdout + read.stderr).not.toMatch(/461109|608201/);
  expect(await deposits()).toBe(1);
  expect(await program("--columns", "id=Prot")).toMatchObject({ exitCode: 2 });
});
