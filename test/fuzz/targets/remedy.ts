import { formatNameGrammar, parseNameGrammar } from "../../../src/remedy/name.ts";
import { nameProblem, pathProblem } from "../../../src/remedy/path.ts";
import { compileRemedy } from "../../../src/remedy/plan.ts";
import { loadRemedy, remedySha256 } from "../../../src/remedy/remedy.ts";
import { loadQuarantineManifest, planUndo, undoScript } from "../../../src/remedy/undo.ts";
import { type DirectoryEntry, decideFolder, judgeFile } from "../../remedy/judge.ts";
import { fileOf } from "../seeds.ts";
import { bytesOf, must, type Target, textOf } from "../target.ts";
import { JSON_WORDS } from "./text.ts";

const SHIPPED = fileOf("remedies", "channel-file-291.json");
const plan = compileRemedy(loadRemedy(textOf(SHIPPED)), { campaign: "c", hibernated: "stop" });
const removal = plan.removals[0]!;
const BAD = "C-00000291-00000000-00000032.sys";
const NAME_WORDS = bytesOf(
  "..",
  "/",
  "\\",
  ":",
  "~1",
  "*",
  "?",
  "CON",
  "nul.",
  "\u0000",
  "\n",
  "\u202e",
  "\u212a",
  "\u017f",
  "$",
  " ",
  ".",
  "#8",
  "=",
  ",",
);

const remedy: Target = {
  name: "remedy",
  share: 30_000,
  seeds: [SHIPPED],
  dictionary: [
    ...JSON_WORDS,
    ...NAME_WORDS,
    ...bytesOf('"version"', '"remove"', '"folder"', '"name"', '"header"', '"maxFiles"'),
  ],
  longest: 20_000,
  run(input) {
    const loaded = loadRemedy(textOf(input));
    must(
      remedySha256(loadRemedy(JSON.stringify(loaded))) === remedySha256(loaded),
      "one identity, however it is written",
    );
    const { removals } = compileRemedy(loaded, { campaign: "c", hibernated: "stop" });
    for (const { folder, name } of removals) {
      must(
        /^Windows\/System32\/drivers\/[A-Za-z0-9_-][A-Za-z0-9._ -]*$/.test(folder),
        "the folder is the pinned one's child",
      );
      must(
        formatNameGrammar(parseNameGrammar(formatNameGrammar(name))) === formatNameGrammar(name),
        "a grammar comes back",
      );
    }
    return `a remedy with ${removals.length} removals`;
  },
};

const judge: Target = {
  name: "judge",
  share: 60_000,
  seeds: [
    ...bytesOf(`${BAD}|`, "C-00000292-00000000-00000032.sys|", "c-00000291-00000000-00000032.SYS|"),
    Buffer.concat([Buffer.from(`${BAD}|`), Buffer.from(removal.header, "hex")]),
  ],
  dictionary: [...NAME_WORDS, ...bytesOf(BAD)],
  longest: 300,
  run(input) {
    const cut = input.indexOf(0x7c);
    const name = textOf(input.subarray(0, cut < 0 ? input.length : cut));
    const header = cut < 0 ? new Uint8Array() : input.subarray(cut + 1);
    const entry: DirectoryEntry = {
      name,
      isRegular: true,
      isReparsePoint: false,
      links: 1,
      header,
      mtime: removal.notBefore,
    };
    const verdict = judgeFile(removal, entry);
    if (verdict === "bad") must(/^C-00000291-[0-9]{8}-[0-9]{8}\.sys$/.test(name), "only the whole, exact name is bad");
    if (nameProblem(name) === null)
      must(/^[A-Za-z0-9_][A-Za-z0-9._ -]{0,63}$/.test(name), "a name without a problem is plain");
    if (pathProblem(name) === null)
      must(!/\\|:|(^|\/)\.\.?(\/|$)|\/\//.test(name), "a path without a problem stays inside");
    return `${verdict} ${decideFolder(removal, [verdict])}`;
  },
};

const grammar: Target = {
  name: "name-grammar",
  share: 30_000,
  seeds: bytesOf(formatNameGrammar(removal.name), "=abcd", "=ab,#9,=cd,#32"),
  dictionary: NAME_WORDS,
  longest: 400,
  run(input) {
    const text = textOf(input);
    const parsed = parseNameGrammar(text);
    must(formatNameGrammar(parsed) === text, "a grammar comes back");
    judgeFile(
      { ...removal, name: parsed },
      { name: BAD, isRegular: true, isReparsePoint: false, links: 1, header: new Uint8Array(), mtime: 0 },
    );
    return `${parsed.length} parts`;
  },
};

const QUARANTINE = JSON.stringify({
  breakglassQuarantine: 1,
  remedy: "channel-file-291",
  remedySha256: plan.remedySha256,
  campaign: "july",
  session: "3f2a",
  files: [
    {
      from: `Windows/System32/drivers/CrowdStrike/${BAD}`,
      to: `${plan.quarantineFolder}/july/3f2a/${BAD}`,
      ...{ size: 40963, sha256: "1a".repeat(32), mtime: 1721362140, header: removal.header },
    },
  ],
});

const quarantine: Target = {
  name: "quarantine-manifest",
  share: 20_000,
  seeds: bytesOf(QUARANTINE),
  dictionary: [...JSON_WORDS, ...NAME_WORDS, ...bytesOf("'", "'; Remove-Item ", "`", "$(")],
  longest: 10_000,
  run(input) {
    const steps = planUndo(loadQuarantineManifest(textOf(input)));
    must((undoScript(steps).match(/'/g) ?? []).length === steps.length * 8, "no name leaves its quotation marks");
    return `${steps.length} steps`;
  },
};

export const REMEDY: readonly Target[] = [remedy, judge, grammar, quarantine];
