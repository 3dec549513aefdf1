import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { createVault } from "../../src/escrow/vault.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { parseGuid } from "../../src/wire/guid.ts";
import { Secret } from "../../src/wire/secret.ts";
import { event } from "../ledger/event.ts";
import { run, temporaryFolder } from "./run.ts";

const PASSWORD_A = "461109-608201-413820-485342-181588-463056-430617-501391";
const PASSWORD_B = "496298-461032-321464-595518-463221-173943-033616-139579";
const ID_A = "24B0AA32-F8D0-40BA-BB05-73A800324C09";
const ID_B = "4290B6C0-B17A-497A-8552-272CC30E80D4";
let state: string;
let files: string;

const escrow = (...args: string[]) => run("escrow", ...args, "--state", state);

function file(name: string, content: string): string {
  writeFileSync(join(files, name), content);
  return join(files, name);
}

beforeEach(async () => {
  files = temporaryFolder();
  state = join(files, "state");
  mkdirSync(state, { mode: 0o700 });
  const options = { clock: Date.now, passphrase: new Secret("six plain words for a test"), workFactor: 1 };
  await (await createVault(join(state, "vault.sqlite"), options)).close();
  const rows = [`PC-1.corp.example,${ID_A},${PASSWORD_A},Entra`, `PC-2,${ID_B},${PASSWORD_B},Entra`];
  await escrow("import", file("keys.csv", ["Hostname,KeyID,RecoveryKey,Directory", ...rows].join("\n")));
});

async function lastEvent() {
  const ledger = await openLedger(join(state, "ledger.sqlite"), { station: "test", clock: () => 0 });
  const entries = await ledger.read(0);
  await ledger.close();
  return entries.at(-1)!.body;
}

describe("coverage", () => {
  const devices = () => file("devices.csv", "name;serial;site\nPC-1;S1;Bern\nPC-2;S2;Bern\nPC-3;S3;Basel\n");

  test("says how many of the devices are covered, which are not, and what to do", async () => {
    const { stdout, exitCode } = await escrow("coverage", "--inventory", devices());
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^MISSING: +The vault has no recovery password under this name/);
    expect(stdout).toMatch(/^PC-3 +- +Basel/m);
    expect(stdout).not.toMatch(/^PC-1/m);
    expect(stdout).toMatch(/devices\.csv: 2 of 3 devices covered \(66\.66 %\), 0 doubtful, 1 missing\.\n$/);
    expect((await escrow("coverage", "--inventory", devices(), "--all")).stdout).toMatch(/^PC-1 +0 d +Bern$/m);
  });

  test("is an entry of the ledger, with the inventory's SHA-256", async () => {
    await escrow("coverage", "--inventory", devices(), "--require", "60", "--max-age", "365");
    expect(await lastEvent()).toMatchObject({
      ...{ type: "coverage.checked", inventory: "devices.csv", devices: 3, covered: 2, doubtful: 0, missing: 1 },
      ...{
        percent: "66.66",
        required: "60",
        maxAgeDays: 365,
        inventorySha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
  });

  test("fails against --require alone, with how many devices are too few", async () => {
    const short = await escrow("coverage", "--inventory", devices(), "--require", "99,5");
    expect(short).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/Required: 99.5 %, 3 devices. SHORT BY 1 D/),
    });
    const reached = await escrow("coverage", "--inventory", devices(), "--require", "66.6%");
    expect(reached).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("2 devices. Reached.") });
  });

  test("as JSON lists what is not covered, and with --all everything", async () => {
    const json = async (...more: string[]) =>
      JSON.parse((await escrow("coverage", "--inventory", devices(), "--json", ...more)).stdout);
    expect(await json("--require", "100")).toMatchObject({
      ...{ devices: 3, covered: 2, percent: 66.66, required: { percent: 100, devices: 3, short: 1 } },
      list: [{ name: "PC-3", state: "missing", findings: [{ is: "no-deposit" }] }],
      entry: { seq: 2 },
    });
    expect((await json("--all")).list).toHaveLength(3);
  });

  test("writes a page of its own, private, and never over another", async () => {
    const page = join(files, "coverage.html");
    await escrow("coverage", "--inventory", devices(), "--html", page);
    expect(statSync(page).mode & 0o777).toBe(0o600);
    const html = readFileSync(page, "utf8");
    expect(html).toContain("66.66 %");
    expect(html).not.toContain(PASSWORD_A.slice(0, 6));
    await expect(escrow("coverage", "--inventory", devices(), "--html", page)).rejects.toMatchObject({
      message: expect.stringMatching(/already and was left untouched. Nothing was checked/),
    });
    const nowhere = join(files, "no", "such", "coverage.html");
    await expect(escrow("coverage", "--inventory", devices(), "--html", nowhere)).rejects.toMatchObject({
      exitCode: 4,
    });
  });

  test("lists a device whose password was released and not replaced", async () => {
    const ledger = await openLedger(join(state, "ledger.sqlite"), { station: "test", clock: Date.now });
    const [{ depositId }] = JSON.parse((await escrow("find", "PC-2", "--json")).stdout);
    const released = event("key.released-by-hand", { deviceName: "PC-2", protectorId: parseGuid(ID_B), depositId });
    await ledger.append({ body: released, actor: "operator:anna", commandId: "release-by-hand:1" });
    await ledger.close();
    const { stdout } = await escrow("coverage", "--inventory", devices());
    expect(stdout).toMatch(/^DOUBTFUL: +A password was released/m);
    expect(stdout).toMatch(/^PC-2 .* released on \d{4}-\d\d-\d\d/m);
  });

  test("shows at most 20 of a kind, and says so", async () => {
    const many = file("many.csv", ["name", ...Array.from({ length: 50 }, (_, index) => `X-${index}`)].join("\n"));
    const { stdout } = await escrow("coverage", "--inventory", many);
    expect(stdout.match(/^X-\d+/gm)).toHaveLength(20);
    expect(stdout).toContain("… and 30 more: --all lists them");
    expect((await escrow("coverage", "--inventory", many, "--all")).stdout.match(/^X-\d+/gm)).toHaveLength(50);
  });

  test.each([
    [
      "an inventory that is not there",
      () => ["--inventory", join(files, "none.csv")],
      /there is no such file. Nothing/,
    ],
    ["the folder it is in", () => ["--inventory", files], /it is a folder/],
    ["the export itself", () => ["--inventory", join(files, "keys.csv")], /column of recovery passwords/],
    ["a list without headings", () => ["--inventory", file("x.csv", "PC-1\nPC-2\n")], /no heading for the devices/],
    ["a workbook", () => ["--inventory", file("x.xlsx", "PK\u0003\u0004")], /is an Excel workbook/],
    ["more than everything", () => ["--inventory", devices(), "--require", "995"], /A percentage from 0 to 100/],
    ["years for days", () => ["--inventory", devices(), "--max-age", "1y"], /A whole number of days/],
    ["no inventory", () => [], /required option '--inventory/],
  ])("refuses %s, and nothing is written", async (_what, args, message) => {
    await expect(escrow("coverage", ...args())).rejects.toThrow(message);
    expect(await lastEvent()).toMatchObject({ type: "vault.imported" });
  });
});

describe("find", () => {
  const devices = () =>
    file("devices.csv", "name,serial,uuid\nPC-1,5CG1,4C4C4544-0042-3510-8052-B4C04F4D3332\nPC-9,S9,\n");

  test("by serial number or UUID of a named inventory says whose it is", async () => {
    for (const text of ["5cg1", "4c4c4544-0042-3510-8052-b4c04f4d3332"]) {
      const { stdout, exitCode } = await escrow("find", text, "--inventory", devices());
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^By (serial number|SMBIOS UUID) of PC-1 in .*devices.csv:/);
      expect(stdout).toMatch(new RegExp(`^PC-1.corp.example +${ID_A} +>0 min +- +Entra, keys.csv`, "m"));
    }
  });

  test("without one takes the inventory of the campaign that was armed last, also after it was halted", async () => {
    const ledger = await openLedger(join(state, "ledger.sqlite"), { station: "test", clock: Date.now });
    const armed = (campaign: string, serial: string) => ({
      body: event("campaign.armed", { campaign, devices: [{ name: "PC-2", macs: [], serial, uuid: null }] }),
      ...{ actor: "operator:anna", commandId: `arm:${campaign}` },
    });
    await ledger.append(armed("first", "OLD"));
    await ledger.append(armed("second", "NEW"));
    const halted = event("campaign.halted", { campaign: "second" });
    await ledger.append({ body: halted, actor: "operator:anna", commandId: "halt:second" });
    await ledger.close();
    expect((await escrow("find", "NEW")).stdout).toMatch(/^By serial number of PC-2 in campaign second:/);
    expect((await escrow("find", "OLD")).exitCode).toBe(1);
  });

  test("of a device that the vault has nothing for says so, with exit code 1", async () => {
    expect(await escrow("find", "S9", "--inventory", devices())).toEqual({
      stdout: expect.stringContaining("By serial number of PC-9"),
      exitCode: 1,
    });
  });

  test("says by which readings it was found, in JSON too", async () => {
    const found = JSON.parse((await escrow("find", "pc-1", "--json")).stdout);
    expect(found).toMatchObject([{ protectorId: ID_A, deviceName: "PC-1.corp.example", foundBy: ["device-name"] }]);
  });

  test("without an inventory says where serial numbers would come from", async () => {
    expect((await escrow("find", "5CG1")).stdout).toMatch(/name one with --inventory/);
  });
});
