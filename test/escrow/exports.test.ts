import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ExportFile, FileProblem } from "../../src/escrow/exports/export-file.ts";
import { exportFiles } from "../../src/escrow/exports/export-files.ts";
import type { Format, FormatName } from "../../src/escrow/exports/formats/format.ts";
import { FORMATS } from "../../src/escrow/exports/formats/formats.ts";
import { exportItems } from "../../src/escrow/exports/read-exports.ts";
import { importRows } from "../../src/escrow/import.ts";
import type { Vault } from "../../src/escrow/vault.ts";
import { ID_A, ID_B, newVault, PASSWORD_A, PASSWORD_B, showsDigits } from "./fixture.ts";

const EXPORTS = join(import.meta.dirname, "..", "exports");

/** What became of every row of a sample, one line each, then of every file that was not read. */
async function fatesOf(name: string, options: { readonly format?: Format; readonly vault?: Vault } = {}) {
  return importFiles(name, exportFiles(join(EXPORTS, name)), options.vault ?? (await newVault()), options.format);
}

/** The same of a file called "keys", as through a pipe. */
async function importText(content: string | Uint8Array, vault: Vault) {
  const open = () => [typeof content === "string" ? Buffer.from(content) : content];
  return importFiles("keys", [{ name: "keys", isOneOfMany: false, path: null, open }], vault);
}

async function importFiles(
  name: string,
  files: Iterable<ExportFile | FileProblem>,
  vault: Vault,
  format: Format | null = null,
) {
  const formats: string[] = [];
  const fates: string[] = [];
  const problems: FileProblem[] = [];
  const items = exportItems(files, {
    format,
    onFile: (_, each) => formats.push(each),
    onProblem: (problem) => problems.push(problem),
  });
  const report = await importRows(items, vault, {
    source: name,
    onFate: ({ file, line, is, protectorId, deviceName, detail }) => {
      const place = file === null ? String(line) : `${file} ${line}`;
      fates.push([place, is, protectorId?.slice(0, 8) ?? "-", detail ?? deviceName ?? "-"].join(" | "));
    },
  });
  const told = [...fates, ...problems.map(({ file, what }) => `${file} ${what}`)];
  expect(showsDigits(JSON.stringify([told, report, problems]))).toBe(false);
  expect(report.deposited + report.present + report.superseded + report.rejected).toBe(report.rows);
  expect(fates).toHaveLength(report.rows);
  return { vault, report, formats: [...new Set(formats)], told, problems };
}

/** What becomes of every row: place, fate, ID, and the device or the reason. Then the files that are not read. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  "by-device.csv": ["2 | deposited | - | PC-0001", "3 | deposited | - | PC-0002"],
  "crowdstrike.csv": [
    "2 | deposited | 24B0AA32 | PC-0001",
    "3 | deposited | 4290B6C0 | DESKTOP-53O32QI",
    "4 | rejected | 045219EC | RecoveryKey is a PowerShell object's type: several passwords, none of them exported",
    "5 | deposited | 1CFD565F | PC-0003",
    "6 | deposited | 8306927A | PC-0004",
    "7 | rejected | EB83D0BA | group 2 has a mistyped digit: it is not divisible by 11",
    "8 | rejected | CB6A257D | RecoveryKey is empty or NULL: the export could not read it",
    "9 | deposited | - | PC-0007",
    "10 | rejected | 10468CB0 | a spreadsheet made a rounded number of it: export it again, and do not open it there",
    "11 | present | 24B0AA32 | PC-0001",
  ],
  "crowdstrike-two-columns.csv": [
    "2 | deposited | 24B0AA32 | -",
    "3 | deposited | 4290B6C0 | -",
    "4 | rejected | FCD8592F | RecoveryKey is empty or NULL: the export could not read it",
  ],
  "headings-fr.csv": [
    "2 | deposited | 24B0AA32 | PC-0071",
    "3 | rejected | 4290B6C0 | the column of recovery passwords is empty or NULL: the export could not read it",
  ],
  "id-key.csv": [
    "2 | deposited | 4290B6C0 | -",
    "3 | deposited | 3503E25E | -",
    "4 | rejected | 21FAF231 | Key is a PowerShell object's type: several passwords, none of them exported",
  ],
  "id-key-upper.csv": [
    "3 | deposited | 633C40F0 | PC-0010",
    "4 | rejected | D6542D3F | Key is empty or NULL: the export could not read it",
  ],
  "ad.ldif": [
    "15 | deposited | 24B0AA32 | PC-0001",
    "27 | deposited | 23DBD30E | PC-0001",
    "38 | rejected | 20E01BB2 | msFVE-RecoveryPassword is empty or NULL: the export could not read it",
    "42 | deposited | F7491E44 | Lab, left",
    "48 | rejected | A1B5818A | its name says one key protector ID, msFVE-RecoveryGuid another (8A81B5A1-35F9-8246-918B-99DAE5FCC711)",
    "53 | rejected | F5F2A67D | a value of it is too long, not whole base64, or kept in another file",
  ],
  "ad-ldifde.ldf": ["1 | deposited | 24B0AA32 | PC-0001", "10 | deposited | 4290B6C0 | PC-0002"],
  "ad-powershell.csv": [
    "2 | deposited | 24B0AA32 | PC-0001",
    "3 | deposited | 2149A54C | Lab, left",
    "4 | rejected | 063537B0 | msFVE-RecoveryPassword is a PowerShell object's type: several passwords, none of them exported",
    "5 | deposited | - | PC-0004",
  ],
  "ad-csvde.csv": ["2 | deposited | 24B0AA32 | PC-0001", "3 | deposited | 4F7284C0 | PC-0002"],
  "ad-script.txt": [
    "8 | deposited | 24B0AA32 | PC-0001",
    "12 | deposited | 2FD29855 | PC-0001",
    "18 | deposited | 4290B6C0 | PC-0002",
    "22 | rejected | - | its name says one key protector ID, msFVE-RecoveryGuid another",
  ],
  "graph-array.json": [
    "1 | deposited | 4290B6C0 | -",
    "2 | deposited | 4D380820 | -",
    "3 | deposited | 840E612D | -",
    "4 | rejected | 59149A27 | group 1 has a mistyped digit: it is not divisible by 11",
  ],
  "graph-single.json": ["1 | deposited | 4290B6C0 | -"],
  "graph-bare.json": ["1 | deposited | 4290B6C0 | -"],
  "graph-pages.json": ["1 | deposited | 4290B6C0 | -", "2 | deposited | 4D380820 | -", "3 | deposited | 840E612D | -"],
  "graph-with-devices.json": ["1 | deposited | 4290B6C0 | -", "2 | deposited | 4D380820 | -"],
  "graph-without-passwords.json": [
    "1 | rejected | 4290B6C0 | Graph lists IDs without passwords: each is asked for by its ID with $select=key",
    "2 | rejected | 4D380820 | Graph lists IDs without passwords: each is asked for by its ID with $select=key",
  ],
  "graph-cut-off.json": [
    "1 | deposited | 4290B6C0 | -",
    "2 | deposited | 4D380820 | -",
    "3 | rejected | - | it ends in the middle of an entry: was it copied to its end?",
  ],
  "graph-folder": [
    "a-keys-1.json 1 | deposited | 4290B6C0 | -",
    "b-keys-2.json 1 | deposited | 4D380820 | -",
    "b-keys-2.json 2 | deposited | 840E612D | -",
    "notes.txt is not an export that breakglass knows",
  ],
  "graph-text.txt": [
    "3 | deposited | 4290B6C0 | DESKTOP-53O32QI",
    "6 | deposited | C25BC93A | PC-0002",
    "8 | deposited | F202253D | PC-0002",
    "10 | rejected | 6A084213 | BitLocker recovery key is empty or NULL: the export could not read it",
    "12 | rejected | - | the directory has no recovery password for this device",
    "14 | deposited | - | PC-0005",
    "17 | rejected | 39668807 | group 6 has 5 digits, not 6",
  ],
  "mbam.csv": [
    "2 | deposited | 24B0AA32 | PC-0001",
    "3 | deposited | 4290B6C0 | PC-0002",
    "4 | rejected | 3A078CE9 | RecoveryKey is NULL: the DMK closed (the database's master key was not open); ask SQL for it with DecryptString",
  ],
  "configmgr.csv": [
    "3 | deposited | 24B0AA32 | PC-0001",
    "4 | deposited | D23CBF34 | PC-0003",
    "5 | rejected | 2720A3E5 | RecoveryKey is NULL: the DMK closed (the database's master key was not open); ask SQL for it with DecryptString",
    "6 | rejected | 41E5042E | RecoveryKey is still encrypted: ask SQL for it with DecryptString",
  ],
  "manage-bde-en.txt": ["16 | deposited | 24B0AA32 | -"],
  "manage-bde-de.txt": [
    "12 | deposited | 24B0AA32 | PC-0001",
    "22 | rejected | E6081910 | group 8 has 5 digits, not 6",
  ],
  "manage-bde-ja.txt": ["12 | deposited | 24B0AA32 | PC-0001"],
  "manage-bde-many.txt": [
    "11 | deposited | 24B0AA32 | PC-0001",
    "23 | deposited | A0EB94FF | PC-0002",
    "35 | deposited | FB2D65A0 | PC-0003",
    "46 | deposited | 2BD9C52F | -",
  ],
  "manage-bde-powershell.txt": ["14 | deposited | 24B0AA32 | -"],
  "recovery-files": [
    "2019/BitLocker-Wiederherstellungsschluessel 4290B6C0-B17A-497A-8552-272CC30E80D4.TXT 9 | deposited | 4290B6C0 | -",
    "BitLocker Recovery Key 24B0AA32-F8D0-40BA-BB05-73A800324C09.TXT 13 | deposited | 24B0AA32 | -",
    "BitLocker Recovery Key 57AAD8AE-8874-4C08-9879-CD0BB6720E7E.TXT 1 | rejected | 57AAD8AE | it has no whole recovery password: was it copied to its end?",
    "BitLocker Recovery Key ACB91C2E-BC00-4BCE-AEF4-FC39740587E7.TXT 13 | deposited | ACB91C2E | -",
    "empty.TXT is empty",
  ],
  "exports.zip": [
    "recovery/BitLocker Recovery Key 24B0AA32-F8D0-40BA-BB05-73A800324C09.TXT 13 | deposited | 24B0AA32 | -",
    "graph/b-keys-2.json 1 | deposited | 4D380820 | -",
    "graph/b-keys-2.json 2 | deposited | 840E612D | -",
    "computers/PC-0042.txt 16 | deposited | 4E1DB958 | PC-0042",
    "readme.txt is not an export that breakglass knows",
    "older.zip is a zip within a zip",
  ],
  "odd-names.zip": [
    "a←[2Jb.csv 2 | deposited | 24B0AA32 | -",
    "a←[2Jb.csv 3 | deposited | 4290B6C0 | -",
    "a←[2Jb.csv 4 | rejected | FCD8592F | RecoveryKey is empty or NULL: the export could not read it",
    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn… 2 | deposited | 045219EC | -",
    "../../etc/keys.csv has a name that leads out of the zip",
    "C:/x.csv has a name that leads out of the zip",
  ],
  "bomb.zip": ["bomb.zip would unpack to 4194322 bytes: a zip bomb"],
  "workbook.xlsx": ["workbook.xlsx is an Excel workbook (or another of Office)"],
  "password.zip": ["id-key.csv needs a password"],
};

const FORMAT_OF: Readonly<Record<string, readonly FormatName[]>> = {
  "by-device.csv": ["csv-by-device"],
  "crowdstrike.csv": ["crowdstrike"],
  "crowdstrike-two-columns.csv": ["crowdstrike"],
  "id-key.csv": ["id-key"],
  "id-key-upper.csv": ["id-key"],
  "ad.ldif": ["ad-ldif"],
  "ad-ldifde.ldf": ["ad-ldif"],
  "ad-powershell.csv": ["ad-csv"],
  "ad-csvde.csv": ["ad-csv"],
  "ad-script.txt": ["ad-script"],
  "graph-text.txt": ["graph-text"],
  "headings-fr.csv": ["csv"],
  "mbam.csv": ["mbam"],
  "configmgr.csv": ["mbam"],
  "recovery-files": ["recovery-file"],
  "exports.zip": ["recovery-file", "graph", "manage-bde"],
  "odd-names.zip": ["crowdstrike"],
  "bomb.zip": [],
  "workbook.xlsx": [],
  "password.zip": [],
};

test("every sample is listed here, and every form has one", () => {
  const files = readdirSync(EXPORTS).filter((name) => !name.startsWith("."));
  expect(Object.keys(EXPECTED).sort()).toEqual(files.sort());
  const formats = new Set(files.flatMap(formatsOf));
  expect([...formats].sort()).toEqual(FORMATS.map(({ name }) => name).sort());
});

function formatsOf(name: string): readonly FormatName[] {
  return FORMAT_OF[name] ?? (name.startsWith("graph") ? ["graph"] : ["manage-bde"]);
}

test.each(Object.keys(EXPECTED))("%s: every row is told, and a second time brings nothing new", async (name) => {
  const { told, formats, vault, report } = await fatesOf(name);
  expect(formats).toEqual(formatsOf(name));
  expect(told).toEqual(EXPECTED[name]);
  expect(vault.sealed).toBe(true);
  const again = await fatesOf(name, { vault });
  expect(again.report).toMatchObject({
    deposited: 0,
    present: report.deposited + report.present + report.superseded,
    rejected: report.rejected,
    named: 0,
  });
});

const depositOf = async (name: string, first8: string) => (await fatesOf(name)).vault.find({ first8 })[0];

test.each([
  ["ad.ldif", "24B0AA32", "2024-05-14T09:21:33Z", "ActiveDirectory"],
  ["ad-csvde.csv", "24B0AA32", "2024-05-14T09:21:33Z", "ActiveDirectory"],
  // Its whenCreated is in the words of some culture; the object's own name is not.
  ["ad-powershell.csv", "2149A54C", "2024-06-15T13:45:30Z", "ActiveDirectory"],
  ["ad-script.txt", "4290B6C0", "2024-06-15T13:45:30Z", "ActiveDirectory"],
  ["mbam.csv", "24B0AA32", "2024-05-14T09:21:33Z", "MBAM"],
  ["graph-single.json", "4290B6C0", "2024-06-15T13:45:30Z", "Entra"],
])("%s says when %s was escrowed, and the directory is known", async (name, first8, time, directory) => {
  expect(await depositOf(name, first8)).toMatchObject({ createdAt: Date.parse(time), directory });
});

test("Graph's kind of volume is read by number and by name", async () => {
  const { vault } = await fatesOf("graph-array.json");
  const kinds = ["4290B6C0", "4D380820", "840E612D"].map((first8) => vault.find({ first8 })[0]!.volumeType);
  expect(kinds).toEqual(["os", "os", "fixed"]);
});

describe("Graph's list of devices names deposits", () => {
  test("in the same file, before the recovery passwords", async () => {
    const { vault, report } = await fatesOf("graph-with-devices.json");
    expect(report.named).toBe(1);
    expect(vault.find({ deviceName: "DESKTOP-53O32QI" })).toMatchObject([{ protectorId: ID_B }]);
  });

  test("in another file of the folder, after them", async () => {
    const { vault, report } = await fatesOf("graph-folder");
    expect(report.named).toBe(3);
    expect(vault.find({ deviceName: "LAPTOP-7" })).toHaveLength(2);
  });

  test("that were imported another day, and a new name replaces the old one", async () => {
    const { vault } = await fatesOf("graph-pages.json");
    const { report } = await fatesOf("graph-folder/devices.json", { vault });
    expect(report).toMatchObject({ rows: 0, named: 3 });
    expect(vault.find({ deviceName: "DESKTOP-53O32QI" })).toHaveLength(1);
    const renamed = '[{"azureADDeviceId":"1AB40AB2-32A8-4B00-B6B5-BA724E407DE9","deviceName":"NEW"}]';
    expect((await importText(renamed, vault)).report).toMatchObject({ rows: 0, named: 1 });
    expect(vault.find({ deviceName: "NEW" })).toHaveLength(1);
  });
});

test("an older password of a known protector is superseded, and the newer one is tried first", async () => {
  const { vault } = await fatesOf("mbam.csv");
  const older = `Name,RecoveryKeyId,LastUpdateTime,RecoveryKey\nPC-0001,${ID_A},2020-01-01 00:00:00.000,${PASSWORD_B}\n`;
  expect((await importText(older, vault)).report).toMatchObject({ superseded: 1, conflicts: 1 });
  expect(vault.candidates([ID_A]).map(({ createdAt }) => createdAt)).toEqual([
    Date.UTC(2024, 4, 14, 9, 21, 33),
    Date.UTC(2020, 0, 1),
  ]);
});

test.each(["exports.zip", "odd-names.zip", "bomb.zip", "workbook.xlsx", "password.zip"])(
  "%s through a pipe is the same",
  async (name) => {
    const bytes = readFileSync(join(EXPORTS, name));
    const { told } = await importText(bytes, await newVault());
    const alone = EXPECTED[name]!.map((line) => line.replace(new RegExp(`^${name}`), "keys"));
    expect(told).toEqual(alone);
  },
);

test("a zip that was cut off, or has a bit changed, is named and throws nothing", async () => {
  const whole = readFileSync(join(EXPORTS, "exports.zip"));
  const vault = await newVault();
  for (let end = 4; end < whole.length; end += 61)
    expect((await importText(whole.subarray(0, end), vault)).problems).toHaveLength(1);
  expect(vault.status().deposits).toBe(0);
  for (let at = 40; at < whole.length; at += 97) {
    const changed = Buffer.from(whole);
    changed[at]! ^= 4;
    await importText(changed, vault);
  }
});

test("every text sample as UTF-16 with CRLF comes to the same", async () => {
  for (const name of readdirSync(EXPORTS).filter((each) => /\.(csv|ldif|ldf|txt|json)$/.test(each))) {
    const bytes = readFileSync(join(EXPORTS, name));
    if (bytes[0] === 0xff) continue;
    const text = bytes
      .toString("utf8")
      .replace(/^\ufeff/, "")
      .replaceAll("\r\n", "\n")
      .replaceAll("\n", "\r\n");
    const { told } = await importText(Buffer.from(`\ufeff${text}`, "utf16le"), await newVault());
    expect(told).toEqual(EXPECTED[name]);
  }
});

test("however the bytes of a sample were cut, its rows are the same", async () => {
  const itemsOf = async (bytes: Buffer, size: number) => {
    const open = function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    };
    const items = exportItems([{ name: "keys", isOneOfMany: false, path: null, open }], {
      format: null,
      onProblem: () => {},
    });
    const told: string[] = [];
    for await (const item of items) {
      const password = "row" in item && "password" in item.row ? item.row.password.text.reveal() : "";
      told.push(JSON.stringify(item) + password);
    }
    return told;
  };
  for (const name of readdirSync(EXPORTS).filter((each) => /\.(csv|ldif|ldf|txt|json|zip)$/.test(each))) {
    const bytes = readFileSync(join(EXPORTS, name));
    const whole = await itemsOf(bytes, bytes.length);
    for (const size of [1, 7, 64]) expect(await itemsOf(bytes, size)).toEqual(whole);
  }
});

test.each(FORMATS.map((format) => [format.name, format] as const))(
  "every sample said to be %s, right or wrong, gives rows in which no name is a password",
  async (_, format) => {
    for (const name of Object.keys(EXPECTED)) {
      const files = exportFiles(join(EXPORTS, name));
      for await (const item of exportItems(files, { format, onProblem: () => {} }))
        expect(showsDigits(JSON.stringify(item))).toBe(false);
    }
  },
);

test.each([
  ["a spreadsheet of old", Buffer.from("d0cf11e0a1b11ae1", "hex"), "is an old Office document (.xls or .doc)"],
  ["a PDF", Buffer.from("%PDF-1.7\n"), "is a PDF"],
  ["a web page", Buffer.from("<!DOCTYPE html><html>"), "is a web page or XML"],
  ["a vault", Buffer.from("SQLite format 3\0"), "is a database (a vault is not imported into another)"],
  ["an encrypted export", Buffer.from("age-encryption.org/v1\n"), "is encrypted"],
  ["gzip", Buffer.from("1f8b0800", "hex"), "is packed in a way that is not zip"],
  ["zeros", Buffer.alloc(5000), "begins with zeros: the copy was cut off"],
  ["a picture", Buffer.from("\x89PNG\r\n", "latin1"), "is a picture"],
  ["a letter", Buffer.from("Dear directory team,\n"), "is not an export that breakglass knows"],
])("%s is named for what it is", async (_, bytes, what) => {
  const { problems, report } = await importText(bytes, await newVault());
  expect(problems).toEqual([{ file: "keys", what, next: expect.stringMatching(/^[A-Z].*\.?$/) }]);
  expect(report.rows).toBe(0);
});

test.each(["ad-ldifde.ldf", "ad-csvde.csv", "ad-script.txt", "mbam.csv"])(
  "a device of %s that is named like a recovery password is rejected, and no digit of it stays",
  async (name) => {
    const named = readFileSync(join(EXPORTS, name), "utf8").replaceAll("PC-0001", PASSWORD_B);
    const { told, vault } = await importText(named, await newVault());
    expect(told.join("\n")).toContain("a name in it is what looks like a recovery password");
    expect(vault.find({ protectorId: ID_A })).toEqual([]);
  },
);

test("a file that is named after a password gives nobody a digit of it", async () => {
  const vault = await newVault();
  const name = `PC-0001 ${PASSWORD_B}.csv`;
  const open = () => [Buffer.from(`KeyID,RecoveryKey\n${ID_A},${PASSWORD_A}\n${ID_B},\n`)];
  const { told, report } = await importFiles(name, [{ name, isOneOfMany: true, path: null, open }], vault);
  expect(report.source).toBe("PC-0001 [digits].csv");
  expect(told).toHaveLength(2);
  expect(showsDigits(JSON.stringify(vault.find({ protectorId: ID_A })))).toBe(false);
});
