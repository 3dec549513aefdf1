import { describe, expect, it } from "vitest";
import { BAD_CHANNEL_FILE, CHANNEL_FOLDER } from "../../src/drill/disk/channel-file.ts";
import { type WindowsFile, type WindowsTreeOptions, windowsTree } from "../../src/drill/disk/windows-tree.ts";
import { REMEDIES } from "../../src/remedy/library.ts";
import { compileRemoval } from "../../src/remedy/plan.ts";
import { judgeFile } from "../remedy/judge.ts";

const removal = compileRemoval(REMEDIES.get("channel-file-291")!.remove[0]!);
const BAD = `${CHANNEL_FOLDER}/${BAD_CHANNEL_FILE}`;

/** What the remedy says of each file in its folder. */
function verdicts(options: WindowsTreeOptions): Map<string, string> {
  const tree = windowsTree(options);
  const links = (file: WindowsFile) => 1 + tree.hardLinks.filter(({ to }) => to === file.path).length;
  const inFolder = tree.files.filter(({ path }) => path.startsWith(`${removal.folder}/`));
  const judged = inFolder.map((file): [string, string] => {
    const name = file.path.slice(removal.folder.length + 1);
    const entry = { name, isRegular: true, isReparsePoint: false, links: links(file), mtime: file.modified };
    return [file.path, judgeFile(removal, { ...entry, header: file.content.subarray(0, 16) })];
  });
  return new Map(judged.filter(([, verdict]) => verdict !== "not-named"));
}

describe("the Windows tree of a crash-test device", () => {
  it("holds exactly one bad file beside good versions and look-alikes", () => {
    expect([...verdicts({}).values()].sort()).toEqual(["bad", "good-later", "older"]);
    expect(verdicts({}).get(BAD)).toBe("bad");
  });

  it("holds look-alikes with the bad content that no remedy may touch, in the folder and elsewhere", () => {
    const { files } = windowsTree();
    const alike = files.filter(({ path }) => path !== BAD && /291-0.*32.*\.sys/.test(path));
    expect(alike.filter(({ path }) => path.startsWith(CHANNEL_FOLDER)).length).toBeGreaterThanOrEqual(3);
    expect(alike.filter(({ path }) => !path.startsWith(CHANNEL_FOLDER)).length).toBeGreaterThanOrEqual(3);
  });

  it.each([
    [{ channelFile: "good-only" }, undefined],
    [{ channelFile: "wrong-header" }, "header-differs"],
    [{ trick: "hard-link" }, "refused-link"],
  ] as [WindowsTreeOptions, string | undefined][])(
    "made with %o gives the bad file's name the verdict %s",
    (options, verdict) => {
      expect(verdicts(options).get(BAD)).toBe(verdict);
    },
  );

  it("made with a twin in other case gives that twin the verdict refused-case", () => {
    expect([...verdicts({ trick: "case" }).values()]).toContain("refused-case");
  });

  it("made with a junction has its channel files at the junction's other end only", () => {
    const tree = windowsTree({ trick: "junction" });
    expect(tree.junctions).toEqual([{ path: CHANNEL_FOLDER, to: "Users/Public/CrowdStrike" }]);
    expect(tree.files.filter(({ path }) => path.startsWith(`${CHANNEL_FOLDER}/`))).toEqual([]);
    expect(tree.files.map(({ path }) => path)).toContain(`Users/Public/CrowdStrike/${BAD_CHANNEL_FILE}`);
  });

  it("can hold many bad files", () => {
    expect([...verdicts({ badFiles: 20 }).values()].filter((verdict) => verdict === "bad")).toHaveLength(20);
  });

  it("names no path twice", () => {
    for (const trick of ["none", "junction", "hard-link", "case", "folder"] as const) {
      const paths = windowsTree({ trick, badFiles: 30 }).files.map(({ path }) => path);
      expect(new Set(paths).size).toBe(paths.length);
    }
  });
});
