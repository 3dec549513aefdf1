import { linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { REMEDIES } from "../../src/remedy/library.ts";
import { formatNameGrammar } from "../../src/remedy/name.ts";
import { compileRemoval } from "../../src/remedy/plan.ts";
import type { Verdict } from "../../src/remedy/verdict.ts";
import { type DirectoryEntry, decideFolder, judgeFile } from "../remedy/judge.ts";
import { AgentShell } from "./busybox.ts";

const shell = new AgentShell();
afterAll(() => shell.remove());

const removal = { ...compileRemoval(REMEDIES.get("channel-file-291")!.remove[0]!), maxFiles: 2 };
const rule = shell.file(
  "rule",
  [
    removal.folder,
    formatNameGrammar(removal.name),
    removal.header,
    removal.notBefore,
    removal.before,
    removal.maxFiles,
    removal.action,
    "",
  ].join("\n"),
);
const SURVEY =
  'load_removal "$1"; prepare_judge; survey_folder "$2" "$RUN/survey"; cat "$RUN/survey"; decide_survey "$RUN/survey"';

const GOOD_HEADER = Buffer.from(removal.header, "hex");
const name = fc.oneof(
  fc.stringMatching(/^C-00000291-[0-9]{8}-[0-9]{8}\.sys$/),
  fc.stringMatching(/^C-00000291-[0-9]{8}-[0-9]{8}\.sys$/),
  fc.stringMatching(/^[Cc]-00000291-[0-9]{8}-[0-9]{8}\.[sS][yY][sS]$/),
  fc.stringMatching(/^C-0000029[0-9]-[0-9]{8}-[0-9]{7,9}\.sys(\.bak|~| )?$/),
  fc.constantFrom("*", "a'b\"c", "-rf", "x\ny", "$(reboot)", "C-00000291-00000000-00000032.sys\n", "ü.sys"),
);
const header = fc.oneof(
  fc.constant(GOOD_HEADER),
  fc.constant(GOOD_HEADER),
  fc.nat(7).map((length) => GOOD_HEADER.subarray(0, length)),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
  fc.constant(Buffer.from(removal.header, "hex").reverse()),
  fc.constant(Buffer.concat([Buffer.from([0]), GOOD_HEADER])),
);
const mtime = fc.oneof(
  fc.integer({ min: removal.notBefore, max: removal.before - 1 }),
  fc.constantFrom(removal.notBefore - 1, removal.notBefore, removal.before - 1, removal.before, 0),
  fc.integer({ min: 1, max: 2 ** 31 }),
);
const kind = fc.constantFrom("file", "file", "file", "file", "folder", "symlink", "hard-link");
const entries = fc.uniqueArray(fc.record({ name, header, mtime, kind }), {
  maxLength: 8,
  selector: (entry) => entry.name,
});

let folders = 0;
/** Makes the entries, and tells what they are to the station's own judge. */
function make(wanted: readonly { name: string; header: Buffer; mtime: number; kind: string }[]) {
  folders += 1;
  const folder = join(shell.folder, `folder-${folders}`);
  const elsewhere = join(shell.folder, `elsewhere-${folders}`);
  mkdirSync(folder);
  mkdirSync(elsewhere);
  const made = wanted.map(({ name, header, mtime, kind }, index): DirectoryEntry => {
    const path = join(folder, name);
    const other = join(elsewhere, String(index));
    if (kind === "folder") mkdirSync(path);
    else if (kind === "symlink") symlinkSync(other, path);
    else writeFileSync(path, header);
    if (kind === "symlink") writeFileSync(other, header);
    if (kind === "hard-link") linkSync(path, other);
    if (kind !== "folder" && kind !== "symlink") utimesSync(path, mtime, mtime);
    const isRegular = kind === "file" || kind === "hard-link";
    return { name, isRegular, isReparsePoint: false, links: kind === "hard-link" ? 2 : 1, header, mtime };
  });
  return { folder, made };
}

describe("the agent's judge", () => {
  it("gives every file the verdict, and the folder the decision, that the station's judge gives", () => {
    fc.assert(
      fc.property(entries, (wanted) => {
        const { folder, made } = make(wanted);
        const judged = made.map((entry) => [entry.name, judgeFile(removal, entry)] as [string, Verdict]);
        const out = shell.script(SURVEY, rule, folder);
        expect(out.status).toBe(0);
        const lines = out.stdout.split("\n");
        const decision = lines.pop();
        const seen = lines.map((line) => line.split("\t"));
        expect(seen.map(([verdict, file]) => [file, verdict]).sort()).toEqual(
          judged.filter(([, verdict]) => verdict !== "not-named").sort(),
        );
        expect(decision).toBe(
          decideFolder(
            removal,
            judged.map(([, verdict]) => verdict),
          ),
        );
      }),
      { numRuns: 60 },
    );
  }, 300_000);

  it("gives size, digest, time and header of a bad file", () => {
    const bad = {
      name: "C-00000291-00000000-00000032.sys",
      header: GOOD_HEADER,
      mtime: removal.notBefore,
      kind: "file",
    };
    const { folder } = make([bad]);
    expect(shell.script(SURVEY, rule, folder).stdout.split("\n")[0]).toBe(
      [
        "bad",
        bad.name,
        8,
        "8cf0774bd6e30a645a76f24722f4156903e240cfc8f6f2f9d140f01dc3784d86",
        removal.notBefore,
        removal.header,
      ].join("\t"),
    );
  });

  it.each([
    ["refused-reparse", "040", "004"],
    ["refused-reparse", "040", "044"],
    ["bad", "040", "040"],
    ["bad", "377", "373"],
  ])("says %s for NTFS attributes whose first bytes are \\%s \\%s (octal)", (verdict, low, high) => {
    const fake = `GETFATTR=fake; fake() { printf '\\${low}\\${high}\\000\\000'; }`;
    const { folder } = make([
      { name: "C-00000291-00000000-00000032.sys", header: GOOD_HEADER, mtime: removal.notBefore, kind: "file" },
    ]);
    expect(shell.script(`${fake}\n${SURVEY}`, rule, folder).stdout.split("\t")[0]).toBe(verdict);
  });

  it("refuses a file whose NTFS attributes it cannot read", () => {
    const { folder } = make([
      { name: "C-00000291-00000000-00000032.sys", header: GOOD_HEADER, mtime: removal.notBefore, kind: "file" },
    ]);
    expect(shell.script(`GETFATTR=fake; fake() { return 1; }\n${SURVEY}`, rule, folder).stdout).toMatch(
      /^refused-reparse\t/,
    );
  });
});
