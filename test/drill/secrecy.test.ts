import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { findIn, searchFiles } from "../../src/drill/secrecy.ts";

// Microsoft's published example; nobody's key.
const PASSWORD = "461109-608201-413820-485342-181588-463056-430617-501391";
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe("the search for a recovery password", () => {
  test.each([
    ["as printed", Buffer.from(`key ${PASSWORD}\n`)],
    ["without dashes", Buffer.from(PASSWORD.replaceAll("-", ""))],
    ["with spaces", Buffer.from(PASSWORD.replaceAll("-", " "))],
    ["as Windows writes text", Buffer.from(PASSWORD, "utf16le")],
    ["in hexadecimal", Buffer.from(Buffer.from(PASSWORD).toString("hex"))],
    ["in base64", Buffer.from(Buffer.from(PASSWORD).toString("base64"))],
    ["in part: two groups in a row", Buffer.from("485342-181588")],
  ])("finds it %s", (_form, bytes) => {
    expect(findIn(bytes, "a log", [PASSWORD])).not.toEqual([]);
  });

  test("finds none where there is none", () => {
    expect(findIn(Buffer.from("461109 608202 key 24B0AA32-F8D0-40BA-BB05-73A800324C09"), "a log", [PASSWORD])).toEqual(
      [],
    );
  });

  test("finds one that lies over the border of two blocks of a file", () => {
    const folder = mkdtempSync(join(tmpdir(), "secrecy-"));
    folders.push(folder);
    const bytes = Buffer.alloc((8 << 20) + 4096, 0x20);
    bytes.write(PASSWORD, (8 << 20) - 20);
    writeFileSync(join(folder, "big.log"), bytes);
    expect(searchFiles([folder], [PASSWORD]).leaks.map(({ where }) => where)).toContain(join(folder, "big.log"));
  });

  test("never repeats the digits it found", () => {
    const leaks = findIn(Buffer.from(PASSWORD), "a log", [PASSWORD]);
    expect(JSON.stringify(leaks)).not.toMatch(/[0-9]{6}/);
  });
});
