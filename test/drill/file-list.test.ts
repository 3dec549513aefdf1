import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { LIST_FILES, parseFileList } from "../../src/drill/disk/file-list.ts";
import { MalformedError } from "../../src/wire/malformed.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "file-list-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function list(): ReturnType<typeof parseFileList> {
  return parseFileList(execFileSync("sh", ["-c", LIST_FILES], { cwd: folder, encoding: "utf8" }));
}

it("an empty folder has an empty list", () => {
  expect(list().size).toBe(0);
});

it("files are listed by path with size, digest and time, whatever their names hold; links and folders are not", () => {
  mkdirSync(join(folder, "a folder"));
  const strange = "a folder/new\nline \\ tab\t*.sys";
  writeFileSync(join(folder, strange), "abc");
  writeFileSync(join(folder, "empty"), "");
  utimesSync(join(folder, strange), 1_721_362_165, 1_721_362_165);
  symlinkSync("empty", join(folder, "link"));
  const files = list();
  expect([...files.keys()].sort()).toEqual([strange, "empty"]);
  expect(files.get(strange)).toEqual({
    path: strange,
    size: 3,
    sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    mtime: "1721362165.0000000000",
  });
});

it("a list that is cut off is malformed", () => {
  expect(() => parseFileList("3 1.0 name\0")).toThrow(MalformedError);
  expect(() => parseFileList("nonsense\0\0")).toThrow(MalformedError);
});
