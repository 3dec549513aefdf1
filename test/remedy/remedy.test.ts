import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compileRemedy } from "../../src/remedy/plan.ts";
import { loadRemedy, remedySha256 } from "../../src/remedy/remedy.ts";
import { MalformedError } from "../../src/wire/malformed.ts";

const TEXT = readFileSync(new URL("../../remedies/channel-file-291.json", import.meta.url), "utf8");

// biome-ignore lint/suspicious/noExplicitAny: the test breaks the document in ways its type forbids.
const edited = (edit: (remedy: any) => void): string => {
  const remedy = JSON.parse(TEXT);
  edit(remedy);
  return JSON.stringify(remedy);
};

describe("channel-file-291", () => {
  it("compiles to one removal with the evidence of the incident", () => {
    const plan = compileRemedy(loadRemedy(TEXT), { campaign: "july", hibernated: "stop" });
    expect(plan).toEqual({
      remedy: "channel-file-291",
      remedySha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      campaign: "july",
      quarantineFolder: "Windows/Breakglass-Quarantine",
      hibernated: "stop",
      removals: [
        {
          folder: "Windows/System32/drivers/CrowdStrike",
          name: [{ literal: "C-00000291-" }, { digits: 8 }, { literal: "-" }, { digits: 8 }, { literal: ".sys" }],
          header: "aaaaaaaa01002301",
          notBefore: Date.UTC(2024, 6, 19, 4, 9) / 1000,
          before: Date.UTC(2024, 6, 19, 5, 27) / 1000,
          maxFiles: 8,
          action: "quarantine",
        },
      ],
    });
  });

  it("has one digest however its JSON is laid out, and another after any change", () => {
    const digest = remedySha256(loadRemedy(TEXT));
    const reversed = Object.fromEntries(Object.entries(JSON.parse(TEXT)).reverse());
    expect(remedySha256(loadRemedy(JSON.stringify(reversed)))).toBe(digest);
    expect(remedySha256(loadRemedy(edited((r) => (r.remove[0].maxFiles = 2))))).not.toBe(digest);
  });
});

describe("a remedy is refused, and the field is named,", () => {
  it.each<[string, string, RegExp]>([
    ["for another version", edited((r) => (r.breakglassRemedy = 2)), /^breakglassRemedy: /],
    ["without a version", edited((r) => delete r.breakglassRemedy), /^breakglassRemedy: /],
    ["for a key it does not know", edited((r) => (r.remove[0].recursive = true)), /^remove\.0: .*recursive/],
    ["for a key it does not know at the top", edited((r) => (r.priority = 1)), /priority/],
    [
      "for a wildcard in a literal",
      edited((r) => (r.remove[0].name[0].literal = "C-00000291*")),
      /^remove\.0\.name\.0/,
    ],
    ["for a wildcard in its title", edited((r) => (r.title = "C-00000291*.sys")), /^title: .*wildcard/],
    ["for a bracket in its folder", edited((r) => (r.remove[0].folder += "[a]")), /^remove\.0\.folder/],
    [
      "for a folder outside drivers",
      edited((r) => (r.remove[0].folder = "Windows/System32/config")),
      /^remove\.0\.folder/,
    ],
    ["for drivers itself", edited((r) => (r.remove[0].folder = "Windows/System32/drivers")), /^remove\.0\.folder/],
    ["for a folder two below drivers", edited((r) => (r.remove[0].folder += "/sub")), /^remove\.0\.folder/],
    ["for a way up", edited((r) => (r.remove[0].folder = "Windows/System32/drivers/..")), /^remove\.0\.folder/],
    ["for a backslash", edited((r) => (r.remove[0].folder = "Windows/System32/drivers/a\\b")), /^remove\.0\.folder/],
    ["for a stream", edited((r) => (r.remove[0].folder = "Windows/System32/drivers/a:b")), /^remove\.0\.folder/],
    ["for a trailing dot", edited((r) => (r.remove[0].folder += ".")), /^remove\.0\.folder.*ends with/],
    ["for a trailing space", edited((r) => (r.remove[0].folder += " ")), /^remove\.0\.folder.*ends with/],
    [
      "for a short name",
      edited((r) => (r.remove[0].folder = "Windows/System32/drivers/CROWDS~1")),
      /^remove\.0\.folder/,
    ],
    ["for a device name", edited((r) => (r.remove[0].folder = "Windows/System32/drivers/nul")), /^remove\.0\.folder/],
    ["for a leading slash", edited((r) => (r.remove[0].folder = `/${r.remove[0].folder}`)), /^remove\.0\.folder/],
    [
      "for a letter that looks like another",
      edited((r) => (r.remove[0].folder = "Windows/Ѕystem32/drivers/a")),
      /^remove\.0\.folder/,
    ],
    [
      "for a name of digits alone",
      edited((r) => (r.remove[0].name = [{ digits: 8 }])),
      /^remove\.0\.name: .*4 characters/,
    ],
    ["for a name that ends in a dot", edited((r) => (r.remove[0].name[4].literal = ".sys.")), /^remove\.0\.name/],
    [
      "for two literals in a row",
      edited((r) => r.remove[0].name.push({ literal: "x" })),
      /^remove\.0\.name: two literals/,
    ],
    ["for a header of three bytes", edited((r) => (r.remove[0].header = "aa aa aa")), /^remove\.0\.header/],
    ["for a header that is not hex", edited((r) => (r.remove[0].header = "aa aa aa zz")), /^remove\.0\.header/],
    [
      "for a time without its zone",
      edited((r) => (r.remove[0].bad.from = "2024-07-19T04:09:00")),
      /^remove\.0\.bad\.from/,
    ],
    [
      "for a day that never was",
      edited((r) => (r.remove[0].bad.from = "2024-02-30T04:09:00Z")),
      /^remove\.0\.bad\.from/,
    ],
    ["for an empty window", edited((r) => (r.remove[0].bad.until = r.remove[0].bad.from)), /^remove\.0\.bad: .*empty/],
    ["for no time evidence", edited((r) => delete r.remove[0].bad), /^remove\.0\.bad/],
    ["for no file limit", edited((r) => delete r.remove[0].maxFiles), /^remove\.0\.maxFiles/],
    ["for a limit of zero", edited((r) => (r.remove[0].maxFiles = 0)), /^remove\.0\.maxFiles/],
    ["for another action", edited((r) => (r.remove[0].action = "run")), /^remove\.0\.action/],
    ["for nothing to remove", edited((r) => (r.remove = [])), /^remove: /],
    [
      "for a key given twice",
      TEXT.replace('"maxFiles": 8', '"maxFiles": 1, "maxFiles": 8'),
      /"maxFiles" appears twice/,
    ],
    [
      "for a key given twice in two spellings",
      TEXT.replace('"maxFiles": 8', '"max\\u0046iles": 1, "maxFiles": 8'),
      /twice/,
    ],
    ["for text that is not JSON", `${TEXT}}`, /^not JSON/],
  ])("%s", (_, text, message) => {
    expect(() => loadRemedy(text)).toThrow(MalformedError);
    expect(() => loadRemedy(text)).toThrow(expect.objectContaining({ what: expect.stringMatching(message) }));
  });
});
