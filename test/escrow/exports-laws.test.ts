import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomRecoveryPassword } from "../../src/bitlocker/recovery-password.ts";
import { passwordShapes, plainText } from "../../src/escrow/exports/plain-text.ts";
import { exportItems } from "../../src/escrow/exports/read-exports.ts";

interface Key {
  readonly id: string;
  readonly password: string;
  readonly device: string;
}

const hex = (length: number) =>
  fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((bytes) => Buffer.from(bytes).toString("hex").toUpperCase());
const guid = fc
  .tuple(hex(4), hex(2), hex(2), hex(2), hex(6))
  .map((parts) => parts.join("-"))
  .filter((id) => !/^[0-]+$/.test(id));
const password = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .filter((bytes) => bytes.slice(4).some((byte) => byte !== 0))
  .map((bytes) => randomRecoveryPassword(bytes).text.reveal());
const keys = fc
  .uniqueArray(fc.record({ id: guid, password }), { selector: ({ id }) => id, minLength: 2, maxLength: 6 })
  .filter((all) => new Set(all.map((key) => key.password)).size === all.length)
  .map((all): Key[] => all.map((key, index) => ({ ...key, device: `PC-${1000 + index}` })));

/** Ways to write records as text; each record is a list of lines. */
const STYLES: Readonly<Record<string, (key: Key) => readonly string[]>> = {
  "ID first": ({ id, password: digits }) => [`KeyProtectorId   : {${id}}`, `RecoveryPassword : ${digits}`],
  "password first": ({ id, password: digits }) => [`RecoveryPassword : ${digits}`, `KeyProtectorId   : {${id}}`],
  "device first": ({ id, password: digits, device }) => [
    `Computer Name: ${device}`,
    `Key Protector ID: {${id}}`,
    "Key Protector Type: RecoveryPassword",
    `Recovery Password: ${digits}`,
  ],
  "device last": ({ id, password: digits, device }) => [
    `KeyProtectorId : {${id}}`,
    "KeyProtectorType : RecoveryPassword",
    `RecoveryPassword : ${digits}`,
    `PSComputerName : ${device}`,
  ],
  "device last, password first": ({ id, password: digits, device }) => [
    `RecoveryPassword : ${digits}`,
    `KeyProtectorId : {${id}}`,
    `PSComputerName : ${device}`,
  ],
  "manage-bde": ({ id, password: digits }) => [
    "    Numerical Password:",
    `      ID: {${id}}`,
    "      Password:",
    `        ${digits}`,
  ],
};

/** What mail, office programs and hands do to a text as a whole. */
const WHOLE: Readonly<Record<string, (text: string) => string>> = {
  nothing: (text) => text,
  "en dashes": (text) => text.replace(/(?<=\d{6})-(?=\d{6})/g, "\u2013"),
  "hyphens that do not break": (text) => text.replace(/(?<=\d{6})-(?=\d{6})/g, "\u2011"),
  "spaces that do not break": (text) => text.replace(/(?<=\d{6})-(?=\d{6})/g, "\u00a0"),
  "marks of direction": (text) => text.replace(/(\d{6}-\d{6})/g, "\u200e$1\u200f"),
  quoted: (text) => text.replace(/^/gm, "> "),
  "Windows line ends": (text) => text.replaceAll("\n", "\r\n"),
  "words behind": (text) => text.replace(/(\d{6})$/gm, "$1 (current)"),
  "broken lines": (text) => text.replace(/((?:\d{6}-){4})(\d{6})/g, "$1\n$2"),
};

/** What happens to one line. */
const LINES: Readonly<Record<string, (lines: string[], at: number) => string[]>> = {
  nothing: (lines) => lines,
  lost: (lines, at) => lines.filter((_, index) => index !== at),
  emptied: (lines, at) => lines.map((line, index) => (index === at ? "" : line)),
  "cut off": (lines, at) => lines.slice(0, at),
  "begun late": (lines, at) => lines.slice(at),
  "blank line before it": (lines, at) => lines.toSpliced(at, 0, ""),
};

async function read(content: string | Uint8Array, name = "keys.txt") {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const file = { name, isOneOfMany: false, path: null, open: () => [bytes] };
  const [deposits, rejects, problems] = [
    [] as { id: string | null; digits: string; device: string | null }[],
    [] as string[],
    [] as string[],
  ];
  for await (const item of exportItems([file], { format: null, onProblem: ({ what }) => problems.push(what) })) {
    if ("device" in item) continue;
    if ("reason" in item.row) rejects.push(item.row.reason);
    else
      deposits.push({
        id: item.row.protectorId,
        digits: item.row.password.text.reveal(),
        device: item.row.deviceName,
      });
  }
  return { deposits, rejects, problems };
}

const oneOf = <T>(table: Readonly<Record<string, T>>) =>
  fc.constantFrom(...Object.keys(table)).map((name) => ({ name, act: table[name]! }));

const text = fc
  .record({
    keys,
    style: oneOf(STYLES),
    whole: oneOf(WHOLE),
    line: oneOf(LINES),
    at: fc.nat(40),
    blank: fc.boolean(),
  })
  .map(({ keys: all, style, whole, line, at, blank }) => {
    const lines = all.flatMap((key) => [...style.act(key), ...(blank ? [""] : [])]);
    const mangled = line.act(lines, at % lines.length);
    // Without its line, a device's record looks like one more of the device above.
    const namesLost = /^(lost|emptied)$/.test(line.name) && /Computer ?Name/.test(lines[at % lines.length]!);
    const how = [style.name, whole.name, line.name, at];
    return { keys: all, content: whole.act(`${mangled.join("\n")}\n`), how, namesLost };
  });

describe("a text of records, however it came about,", () => {
  it("never gives a password to another record's ID or device", async () => {
    await fc.assert(
      fc.asyncProperty(text, async ({ keys: all, content, namesLost }) => {
        const { deposits } = await read(content);
        for (const { id, digits, device } of deposits) {
          const own = all.find((key) => key.password === digits);
          // Where its own ID's line is damaged, it is its device's.
          if (id === null) expect(device).toBe(own?.device);
          else expect(id).toBe(own?.id);
          if (!namesLost) expect([null, own?.device]).toContain(device);
        }
      }),
      { numRuns: 600 },
    );
  });

  it("loses no recovery password: each is deposited, or refused by name", async () => {
    await fc.assert(
      fc.asyncProperty(text, async ({ content }) => {
        const shapes = new Set(passwordShapes(plainText(content)).map(({ digits }) => digits));
        const { deposits, rejects, problems } = await read(content);
        const held = new Set(deposits.map(({ digits }) => digits.replaceAll("-", "")));
        const missing = [...shapes].filter((digits) => !held.has(digits));
        if (problems.length === 0) expect(rejects.length).toBeGreaterThanOrEqual(missing.length);
      }),
      { numRuns: 600 },
    );
  });

  it("brings all of it in where nothing is damaged", async () => {
    await fc.assert(
      fc.asyncProperty(keys, oneOf(STYLES), oneOf(WHOLE), fc.boolean(), async (all, style, whole, blank) => {
        const lines = all.flatMap((key) => [...style.act(key), ...(blank ? [""] : [])]);
        const { deposits, rejects, problems } = await read(whole.act(`${lines.join("\n")}\n`));
        expect({ rejects, problems }).toEqual({ rejects: [], problems: [] });
        expect(deposits.map(({ id, digits }) => [id, digits])).toEqual(all.map(({ id, password: own }) => [id, own]));
      }),
      { numRuns: 300 },
    );
  });
});

describe("a file of another form, with a password where none is read,", () => {
  const ID = "24B0AA32-F8D0-40BA-BB05-73A800324C09";
  const A = "461109-608201-413820-485342-181588-463056-430617-501391";
  const B = "496298-461032-321464-595518-463221-173943-033616-139579";
  it.each([
    ["a CSV with a note in another column", `Hostname,KeyID,RecoveryKey,Note\nPC-1,${ID},${A},old one ${B}\n`],
    ["a CSV with a password above its header", `# ${B}\nHostname,KeyID,RecoveryKey\nPC-1,${ID},${A}\n`],
    ["JSON with a password under an unknown name", `[{"id":"${ID}","key":"${A}","volumeType":"1","hint":"${B}"}]`],
    ["JSON that breaks off", `[{"id":"${ID}","key":"${A}","volumeType":"1"},{"id":"${ID}","key":"${B}"`],
    ["LDIF with a comment", `# ${B}\ndn: CN=2024-05-14T09:21:33-00:00{${ID}},CN=PC-1\nmsFVE-RecoveryPassword: ${A}\n`],
  ])("%s: the one is deposited, the other refused by name or the file not read", async (_, content) => {
    const { deposits, rejects, problems } = await read(content);
    expect(problems.length + rejects.length).toBeGreaterThan(0);
    expect(problems.length === 0 ? [[A], []] : [[]]).toContainEqual(deposits.map(({ digits }) => digits));
  });
});

describe("what is certain and what is not", () => {
  const record = (id: string, digits: string) => `KeyProtectorId : {${id}}\nRecoveryPassword : ${digits}\n`;
  const [A, B] = [
    record("24B0AA32-F8D0-40BA-BB05-73A800324C09", "461109-608201-413820-485342-181588-463056-430617-501391"),
    record("4290B6C0-B17A-497A-8552-272CC30E80D4", "496298-461032-321464-595518-463221-173943-033616-139579"),
  ];

  it("names that stand below their records, on lines of their own, are given to none", async () => {
    const { deposits } = await read(`${A}\nComputer: PC-1\n\n${B}\nComputer: PC-2\n`);
    expect(deposits.map(({ device }) => device)).toEqual([null, null]);
  });

  it("names above records are theirs, and the last one may have none", async () => {
    const { deposits } = await read(`Computer: PC-1\n\n${A}\nComputer: PC-2\n\n${B}\nComputer: PC-3\n`);
    expect(deposits.map(({ device }) => device)).toEqual(["PC-1", "PC-2"]);
  });

  it("a cell with two passwords and three IDs gives none of them away", async () => {
    const ids =
      "24B0AA32-F8D0-40BA-BB05-73A800324C09;4290B6C0-B17A-497A-8552-272CC30E80D4;045219EC-A53B-41AE-B310-08EC883AAEDD";
    const digits =
      "461109-608201-413820-485342-181588-463056-430617-501391;496298-461032-321464-595518-463221-173943-033616-139579";
    const { deposits, rejects } = await read(`Hostname,KeyID,RecoveryKey\nPC-1,${ids},${digits}\n`);
    expect({ deposits, rejects }).toEqual({ deposits: [], rejects: ["ambiguous-record", "ambiguous-record"] });
  });

  it("two lines with a stray quotation mark each are two rows", async () => {
    const { rejects } = await read('Hostname,KeyID,RecoveryKey\nPC-1,x,y"\nPC-2,x,z"\nPC-3,"x"" ,z\n');
    expect(rejects).toHaveLength(3);
    const [id, digits] = [
      "24B0AA32-F8D0-40BA-BB05-73A800324C09",
      "461109-608201-413820-485342-181588-463056-430617-501391",
    ];
    const { deposits } = await read(`Hostname,KeyID,RecoveryKey\nx,"\nPC-1,${id},${digits}\nx"\n`);
    expect(deposits).toHaveLength(1);
  });

  it("a text of which one line is lost keeps what stands before it", async () => {
    const C = record("045219EC-A53B-41AE-B310-08EC883AAEDD", "000011-000022-000033-000044-000055-000066-000077-000088");
    const lost = `${A}${B}${C}`.split("\n").filter((_, index) => index !== 2);
    const { deposits, rejects } = await read(lost.join("\n"));
    expect(deposits.length + rejects.length).toBe(3);
    expect(deposits.every(({ id, digits }) => `${A}${B}${C}`.includes(record(id!, digits)))).toBe(true);
  });

  it("a recovery password without an ID goes to the device that its own record names, not to one further above", async () => {
    const first = "461109-608201-413820-485342-181588-463056-430617-501391";
    const second = "496298-461032-321464-595518-463221-173943-033616-139579";
    const lines = [`Computer Name: PC-1`, "", `Recovery Password: ${first}`, "", "Computer Name: PC-2"];
    const own = [...lines, `Recovery Password: ${second}`, ""];
    const { deposits, rejects } = await read(own.join("\n"));
    expect(deposits).toMatchObject([{ digits: second, device: "PC-2" }]);
    expect(rejects).toEqual(["no-protector-id"]);
  });
});
