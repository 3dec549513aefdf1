import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");

/** Words that a tired reader stumbles over; CONTRIBUTING.md has plainer ones. */
const RIDDLES: readonly RegExp[] = [
  /\bso many\b/i,
  /\bso long\b(?! as)/i,
  /\banew\b/i,
  /\bwhoever\b/i,
  /\btold of\b/i,
  /\btells of\b/i,
  /\bis none\b/i,
  /\bbroken off\b/i,
  /\bpassed by\b/i,
];

function filesBelow(folder: string, ending: RegExp): string[] {
  const all = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return all.filter((file) => ending.test(file)).map((file) => join(root, folder, file));
}

/** A test's name is quoted as it stands, and so is code. */
function proseOf(markdown: string): string {
  return markdown
    .replace(/^```[\s\S]*?^```$/gm, "")
    .replace(/`[^`]*`/g, "")
    .replace(/^\* \*.*\*$/gm, "");
}

/** Texts between quotation marks in TypeScript, one on a line; a single word is a name, not a text. */
function stringsOf(source: string): string {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:"'`])\/\/.*$/gm, "$1");
  return [...code.matchAll(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g)]
    .map(([text]) => text)
    .filter((text) => text.includes(" "))
    .join("\n");
}

function riddlesIn(file: string, text: string): string[] {
  return text
    .split("\n")
    .filter((line) => RIDDLES.some((riddle) => riddle.test(line)))
    .map((line) => `${relative(root, file)}: ${line.trim()}`);
}

describe("the words", () => {
  it("of the pages are plain", () => {
    const pages = [
      join(root, "README.md"),
      join(root, "CHANGELOG.md"),
      ...filesBelow("docs", /\.md$/),
      ...filesBelow("keys", /\.md$/),
    ];
    const found = pages.flatMap((page) => riddlesIn(page, proseOf(readFileSync(page, "utf8"))));
    expect(found).toEqual([]);
  });

  it("that an operator reads on a screen are plain", () => {
    const found = filesBelow("src", /\.ts$/).flatMap((file) => riddlesIn(file, stringsOf(readFileSync(file, "utf8"))));
    expect(found).toEqual([]);
  });
});
