import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compileRemoval } from "../../src/remedy/plan.ts";
import { loadRemedy } from "../../src/remedy/remedy.ts";
import { type DirectoryEntry, decideFolder, judgeFile } from "./judge.ts";

const remedy = loadRemedy(readFileSync(new URL("../../remedies/channel-file-291.json", import.meta.url), "utf8"));
const removal = compileRemoval(remedy.remove[0]!);
const at = (time: string) => Date.parse(`2024-07-19T${time}Z`) / 1000;

const BAD: DirectoryEntry = {
  name: "C-00000291-00000000-00000032.sys",
  isRegular: true,
  isReparsePoint: false,
  links: 1,
  header: Uint8Array.of(0xaa, 0xaa, 0xaa, 0xaa, 1, 0, 0x23, 1, 99),
  mtime: at("04:09:00"),
};

describe("a file is judged", () => {
  it.each<[string, string, Partial<DirectoryEntry>]>([
    ["bad from 04:09:00 UTC on", "bad", {}],
    ["bad until the second before 05:27:00 UTC", "bad", { mtime: at("05:26:59") }],
    ["good at 05:27:00 UTC", "good-later", { mtime: at("05:27:00") }],
    ["older a second before 04:09:00 UTC", "older", { mtime: at("04:08:59") }],
    ["bad under any suffix of digits", "bad", { name: "C-00000291-12345678-00000044.sys" }],
    ["not by another channel's name", "not-named", { name: "C-00000292-00000000-00000032.sys" }],
    ["not by a longer name", "not-named", { name: "C-00000291-00000000-00000032.sys.bak" }],
    ["not by a name with something before", "not-named", { name: "xC-00000291-00000000-00000032.sys" }],
    ["not by a shorter suffix", "not-named", { name: "C-00000291-00000000-0000032.sys" }],
    ["not by letters for digits", "not-named", { name: "C-00000291-0000000a-00000032.sys" }],
    ["not by digits of another script", "not-named", { name: "C-00000291-00000000-0000003٢.sys" }],
    ["not by any character for the dot", "not-named", { name: "C-00000291-00000000-00000032xsys" }],
    ["not by a name with a line end", "not-named", { name: "C-00000291-00000000-00000032.sys\n" }],
    ["not by a letter that only folds to ASCII", "not-named", { name: "C-00000291-00000000-00000032.ſys" }],
    ["a trick if only the case differs", "refused-case", { name: "c-00000291-00000000-00000032.SYS" }],
    ["refused as a symbolic link or folder", "refused-not-regular", { isRegular: false }],
    ["refused as a reparse point", "refused-reparse", { isReparsePoint: true }],
    ["refused with a second hard link", "refused-link", { links: 2 }],
    [
      "no channel file if the header is in another order",
      "header-differs",
      { header: Uint8Array.of(0xaa, 0xaa, 0xaa, 0xaa, 1, 0, 1, 0x23) },
    ],
    ["no channel file if it is empty", "header-differs", { header: new Uint8Array() }],
    ["no channel file if it ends inside the header", "header-differs", { header: BAD.header.subarray(0, 7) }],
    ["no channel file if it is zeroed", "header-differs", { header: new Uint8Array(9) }],
  ])("%s", (_, verdict, change) => {
    expect(judgeFile(removal, { ...BAD, ...change })).toBe(verdict);
  });
});

describe("a folder is decided on before anything is touched", () => {
  it("a single refused entry stops all of it", () => {
    expect(decideFolder(removal, ["bad", "refused-link"])).toBe("path-refused");
  });
  it("one bad file more than allowed stops all of it", () => {
    expect(decideFolder(removal, Array(9).fill("bad"))).toBe("too-many-files");
    expect(decideFolder(removal, Array(8).fill("bad"))).toBe("remove");
  });
  it("good and older files alone are clean", () => {
    expect(decideFolder(removal, ["good-later", "older", "not-named"])).toBe("already-clean");
    expect(decideFolder(removal, [])).toBe("already-clean");
  });
  it("a right name over other content is not a channel file", () => {
    expect(decideFolder(removal, ["good-later", "header-differs"])).toBe("not-a-channel-file");
    expect(decideFolder(removal, ["bad", "header-differs"])).toBe("remove");
  });
});
