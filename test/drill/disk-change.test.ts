import { describe, expect, test } from "vitest";
import { diskChanges, type SeenFile, unlikeQuarantine } from "../../src/drill/disk/change.ts";

const BAD = "Windows/System32/drivers/CrowdStrike/C-00000291-00000000-00000032.sys";
const QUARANTINE = "Windows/Breakglass-Quarantine";

function file(path: string, content = path, mtime = 1): SeenFile {
  return { path, size: content.length, sha256: content, mtime };
}

const before = [file(BAD, "bad"), file("Windows/explorer.exe"), file("Users/a.txt")];
const without = before.slice(1);

describe("two looks at a volume", () => {
  test("that saw the same have no difference", () => {
    expect(diskChanges(before, before)).toEqual([]);
  });

  test("show a file that kept its content in another place as moved", () => {
    const changes = diskChanges(before, [...without, file(`${QUARANTINE}/s/C.sys`, "bad")]);
    expect(changes).toEqual([{ path: BAD, change: "moved", to: `${QUARANTINE}/s/C.sys`, sha256: "bad" }]);
  });

  test("show a new time of last write as a change", () => {
    expect(diskChanges(before, [...before.slice(0, 2), file("Users/a.txt", "Users/a.txt", 2)])).toMatchObject([
      { path: "Users/a.txt", change: "changed" },
    ]);
  });
});

describe("exactly the quarantine", () => {
  const moved = [...without, file(`${QUARANTINE}/s/C.sys`, "bad"), file(`${QUARANTINE}/s/manifest.json`)];
  const judge = (after: readonly SeenFile[]) => unlikeQuarantine(diskChanges(before, after), [BAD], QUARANTINE);

  test("is the bad file moved there, and its manifest", () => {
    expect(judge(moved)).toBeNull();
  });

  test("is not a bad file that was deleted, left, or moved elsewhere", () => {
    expect(judge(without)).toContain("was not moved");
    expect(judge(before)).toContain("was not moved");
    expect(judge([...without, file("Users/C.sys", "bad")])).toContain("was not moved");
  });

  test("is not any other file changed, added or gone", () => {
    expect(judge(moved.filter(({ path }) => path !== "Users/a.txt"))).toBe("Users/a.txt was removed");
    expect(judge([...moved, file("Windows/new.dll")])).toBe("Windows/new.dll was added");
    expect(judge(moved.map((each) => (each.path === "Users/a.txt" ? file("Users/a.txt", "x") : each)))).toBe(
      "Users/a.txt was changed",
    );
  });
});
