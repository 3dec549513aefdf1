import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import type { FileProblem } from "../../src/escrow/exports/export-file.ts";
import { linesOf } from "../../src/escrow/exports/lines.ts";
import { exportItems } from "../../src/escrow/exports/read-exports.ts";
import { type ImportReport, importRows } from "../../src/escrow/import.ts";
import type { Vault } from "../../src/escrow/vault.ts";
import { deviceNameOf } from "../../src/fleet/device-name.ts";
import { ID_A, ID_B, ID_C, newVault, PASSWORD_A, PASSWORD_B, showsDigits } from "./fixture.ts";

const HEADER = '"Hostname","KeyID","RecoveryKey","Directory"';
const ROW_A = `"CN=PC-0001,OU=Desktops,DC=corp,DC=example","${ID_A}","${PASSWORD_A}","ActiveDirectory"`;
const ROW_B = `"DESKTOP-53O32QI","${ID_B.toLowerCase()}","${PASSWORD_B}","Entra"`;

type Outcome = ImportReport & { readonly problems: readonly FileProblem[] };

async function importCsv(
  content: string | AsyncIterable<Uint8Array>,
  vault: Vault,
  stop?: AbortSignal,
): Promise<Outcome> {
  const problems: FileProblem[] = [];
  const open = () => (typeof content === "string" ? [Buffer.from(content)] : content);
  const file = { name: "keys.csv", isOneOfMany: false, path: null, open };
  const items = exportItems([file], { format: null, onProblem: (problem) => problems.push(problem) });
  return { ...(await importRows(items, vault, { source: "keys.csv", stop })), problems };
}

async function imported(content: string | Uint8Array) {
  const vault = await newVault();
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const pieces = (async function* () {
    yield bytes;
  })();
  const report = await importCsv(pieces, vault);
  return { vault, report };
}
const reasonsOf = async (...rows: string[]) =>
  (await imported([HEADER, ...rows].join("\r\n"))).report.firstRejected.map(({ line, reason, detail }) => [
    line,
    reason,
    detail,
  ]);

test("CrowdStrike's four-column export is deposited with device names from its distinguished names", async () => {
  const { vault, report } = await imported([HEADER, ROW_A, ROW_B, ""].join("\r\n"));
  expect(report).toEqual({
    source: "keys.csv",
    rows: 2,
    deposited: 2,
    present: 0,
    superseded: 0,
    rejected: 0,
    conflicts: 0,
    named: 0,
    firstRejected: [],
    firstConflicts: [],
    stopped: false,
    problems: [],
  });
  expect(vault.find({ deviceName: "PC-0001" })).toMatchObject([
    { protectorId: ID_A, directory: "ActiveDirectory", source: "keys.csv" },
  ]);
  expect(vault.find({ deviceName: "DESKTOP-53O32QI" })).toMatchObject([{ protectorId: ID_B, directory: "Entra" }]);
});

test("its two-column form has no device names", async () => {
  const { vault, report } = await imported(`KeyID,RecoveryKey\n${ID_A},${PASSWORD_A}`);
  expect(report).toMatchObject({ deposited: 1 });
  expect(vault.find({ protectorId: ID_A })).toMatchObject([{ deviceName: null, directory: null }]);
});

describe("accepted ways to write the same file", () => {
  const plain = `${HEADER}\n${ROW_A}\n`;
  test.each([
    ["a UTF-8 byte order mark", Buffer.from(`\ufeff${plain}`)],
    ["UTF-16LE with a byte order mark", Buffer.from(`\ufeff${plain}`, "utf16le")],
    ["lower-case headings", Buffer.from(plain.replace(HEADER, HEADER.toLowerCase()))],
    ["semicolons", Buffer.from(`KeyID;RecoveryKey;Hostname\n${ID_A};${PASSWORD_A};PC-0001`)],
    ["tabs", Buffer.from(`KeyID\tRecoveryKey\tHostname\n${ID_A}\t${PASSWORD_A}\tPC-0001`)],
    ["PowerShell 5's #TYPE line", Buffer.from(`#TYPE System.Management.Automation.PSCustomObject\n${plain}`)],
    ["braces and spaces", Buffer.from(plain.replace(ID_A, `{${ID_A}}`).replaceAll("-6", " 6"))],
    ["blank lines", Buffer.from(`\n\n${plain}\n\n`)],
    [
      "a byte that is no UTF-8 in a name",
      Buffer.from(plain.replace(`"${ID_A}`, `"\xe9","${ID_A}`).replace('"Host', '"x","Host'), "latin1"),
    ],
  ])("%s", async (_what, bytes) => {
    const { vault, report } = await imported(bytes);
    expect(report).toMatchObject({ rows: 1, rejected: 0 });
    expect(vault.find({ protectorId: ID_A })).toHaveLength(1);
  });
});

test("every rejected row has its line, its reason and a sentence, and the rows around it are in", async () => {
  const bad = [
    `"CN=PC-0002,OU=x","${ID_C}","System.Object[]","ActiveDirectory"`,
    `"PC-3","${ID_C}","NULL","Entra"`,
    `"PC-4","${ID_C}","","Entra"`,
    `"PC-5","${ID_C}","${PASSWORD_A.slice(0, 48)}","Entra"`,
    `"PC-6","${ID_C}","${PASSWORD_A.replace("413820", "413821")}","Entra"`,
    `"PC-7","${ID_C}","${PASSWORD_A.replace("413820", "720896")}","Entra"`,
    `"PC-8","24B0AA32","${PASSWORD_A}","Entra"`,
    `"PC-9","${ID_C}"`,
    `"PC-10,"${ID_C}","${PASSWORD_A}","Entra"`,
    `"${PASSWORD_A}","${ID_C}","${PASSWORD_B}","Entra"`,
    `"PC-12","${ID_C}","${PASSWORD_A}-461109","Entra"`,
    "x".repeat(20_000),
  ];
  const { report } = await imported([HEADER, ROW_A, ...bad, ROW_B].join("\n"));
  expect(report).toMatchObject({ rows: 14, deposited: 3, present: 0 });
  expect(report.firstRejected.map(({ line, reason }) => [line, reason])).toEqual([
    [3, "object-not-expanded"],
    [4, "no-password"],
    [5, "no-password"],
    [6, "bad-password"],
    [7, "bad-password"],
    [8, "bad-password"],
    [10, "missing-column"],
    [11, "bad-quoting"],
    [12, "password-in-wrong-column"],
    [13, "bad-password"],
    [14, "line-too-long"],
  ]);
  expect(report.firstRejected.map(({ detail }) => detail).slice(3, 6)).toEqual([
    "group 8 is missing",
    "group 3 has a mistyped digit: it is not divisible by 11",
    "group 3 is too large: no group is above 720885",
  ]);
  expect(report.firstRejected[0]!.protectorId).toBe(ID_C);
  expect(showsDigits(JSON.stringify(report) + inspect(report, { depth: 9 }))).toBe(false);
});

test("columns in the wrong order bring nothing in and show no digits", async () => {
  expect(await reasonsOf(`"${PASSWORD_A}","PC-1","${ID_A}","Entra"`)).toEqual([
    [2, "bad-protector-id", "KeyID is not a full key protector ID (a GUID)"],
  ]);
});

test("the same file again is already present, row for row", async () => {
  const { vault } = await imported([HEADER, ROW_A, ROW_B].join("\n"));
  expect(await importCsv([HEADER, ROW_A, ROW_B, ROW_A].join("\n"), vault)).toMatchObject({
    deposited: 0,
    present: 3,
  });
});

test("two passwords for one protector are both deposited and reported with their line", async () => {
  const { vault, report } = await imported([HEADER, ROW_A, ROW_A.replace(PASSWORD_A, PASSWORD_B)].join("\n"));
  expect(report).toMatchObject({
    deposited: 2,
    firstConflicts: [{ file: null, line: 3, protectorId: ID_A, passwords: 2 }],
  });
  expect(vault.candidates([ID_A])).toHaveLength(2);
});

test.each([
  "",
  "\n\n",
  "Hostname,Directory\nPC-1,Entra",
  `${ID_A},${PASSWORD_A}`,
  "name,mac,serial,uuid\n",
  "x".repeat(50_000),
])("a file that is no export is named, and nothing is deposited (%#)", async (content) => {
  const vault = await newVault();
  const { rows, problems } = await importCsv(content, vault);
  expect(rows).toBe(0);
  expect(problems).toMatchObject([{ file: "keys.csv" }]);
  expect(showsDigits(inspect(problems))).toBe(false);
  expect(vault.status().deposits).toBe(0);
});

test("an empty file, and one without its header, say so", async () => {
  const vault = await newVault();
  expect((await importCsv("", vault)).problems[0]!.what).toBe("is empty");
  expect((await importCsv(`${ID_A},${PASSWORD_A}\n`, vault)).problems[0]!.next).toMatch(/put its header above it/);
});

test("UTF-16 of either order is read, with its mark and without", async () => {
  for (const mark of ["", "\ufeff"]) {
    const little = Buffer.from(`${mark}${HEADER}\n${ROW_A}\n`, "utf16le");
    expect((await imported(little)).report).toMatchObject({ rows: 1, deposited: 1 });
    expect((await imported(Buffer.from(little).swap16())).report).toMatchObject({ rows: 1, deposited: 1 });
  }
});

test("stopped, it says so, and what it counted is in the vault", async () => {
  const vault = await newVault();
  const stopping = new AbortController();
  const pieces = async function* () {
    // More than is looked at before the first row is read.
    yield Buffer.from(`${HEADER}\n${ROW_A}\n${"\n".repeat(70_000)}`);
    stopping.abort();
    yield Buffer.from(`${ROW_B}\n`);
  };
  const report = await importCsv(pieces(), vault, stopping.signal);
  expect(report).toMatchObject({ rows: 1, deposited: 1, stopped: true });
  expect(vault.status().deposits).toBe(1);
});

test("rows are counted once each, whatever the file's pieces look like", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.tuple(
          fc.constantFrom("good", "again", "bad", "rubbish"),
          fc.uint8Array({ minLength: 16, maxLength: 16 }),
          fc.string(),
        ),
        { maxLength: 12 },
      ),
      fc.integer({ min: 1, max: 97 }),
      async (rows, size) => {
        const lines = rows.map(([kind, bytes, text], index) => {
          const id = `00000000-0000-0000-0000-${String(index).padStart(12, "0")}`;
          if (kind === "good") return `PC,${id},${randomRecoveryPassword(bytes).text.reveal()},Entra`;
          if (kind === "again") return ROW_A;
          if (kind === "bad") return `PC,${id},System.Object[],Entra`;
          return `x${text.replace(/[\r\n]/g, "")}`;
        });
        const content = Buffer.from([HEADER, ...lines].join("\n"));
        async function* pieces() {
          for (let offset = 0; offset < content.length; offset += size) yield content.subarray(offset, offset + size);
        }
        const vault = await newVault();
        const report = await importCsv(pieces(), vault);
        const good = rows.filter(([kind]) => kind === "good").length;
        const again = rows.filter(([kind]) => kind === "again").length;
        expect(report.rows).toBe(rows.length);
        expect(report.deposited + report.present + report.rejected).toBe(report.rows);
        expect(report.deposited).toBe(good + Math.min(again, 1));
        expect(vault.status().deposits).toBe(report.deposited);
      },
    ),
    { numRuns: 40 },
  );
}, 60_000);

test.each([
  ["CN=PC-0001,OU=Desktops,DC=corp", "PC-0001"],
  ["cn=PC 7,OU=x", "PC 7"],
  ["CN=Lab\\, left,OU=x", "Lab, left"],
  ["CN=a\\2Cb,DC=x", "a,b"],
  ["CN=M\\C3\\BCnchen,DC=x", "München"],
  ["CN=a+SERIALNUMBER=7,DC=x", "a"],
  ["CN=back\\\\slash,DC=x", "back\\slash"],
  ["  DESKTOP-1 ", "DESKTOP-1"],
  ["", null],
  ["NULL", null],
])("the device of %j is %j", (cell, name) => {
  expect(deviceNameOf(cell)).toBe(name);
});

test("lines come out whole and numbered however the bytes were cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.string({ unit: "grapheme" }).map((text) => text.replace(/[\r\n\ufeff]/g, "")),
        { minLength: 1 },
      ),
      fc.constantFrom<BufferEncoding>("utf8", "utf16le"),
      fc.integer({ min: 1, max: 9 }),
      async (texts, encoding, size) => {
        const bytes = Buffer.from(`\ufeff${texts.join("\r\n")}\n`, encoding);
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
          bytes.subarray(index * size, (index + 1) * size),
        );
        const lines = [];
        for await (const line of linesOf(chunks)) lines.push(line);
        expect(lines).toEqual(texts.map((text, index) => ({ number: index + 1, text })));
      },
    ),
  );
});
