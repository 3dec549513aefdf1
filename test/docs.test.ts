import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Argument, Command, Option } from "commander";
import { beforeAll, describe, expect, it } from "vitest";
import { addVerbs, VerbCommand } from "../src/cli/verb-command.ts";
import { VERBS } from "../src/cli/verbs.ts";
import { SCENARIOS } from "../src/drill/scenario-list.ts";
import { REMEDIES } from "../src/remedy/library.ts";

const root = join(import.meta.dirname, "..");

function filesBelow(folder: string, ending: RegExp): string[] {
  const all = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return all.filter((file) => ending.test(file)).map((file) => join(root, folder, file));
}

const pages = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map((name) => join(root, name)),
  ...filesBelow("docs", /\.md$/),
  ...filesBelow("keys", /\.md$/),
];

/** The program as `breakglass` has it, with every verb loaded. */
const program: Command = new VerbCommand("breakglass");

beforeAll(() => addVerbs(program, VERBS, "all"));

/** Code on a page: spans between backticks, fenced and indented lines; line breaks inside a span are spaces. */
function codeOn(markdown: string): string[] {
  const lines: string[] = [];
  const withoutFences = markdown.replace(/^```\w*\n([\s\S]*?)^```$/gm, (_, block: string) => {
    lines.push(...block.split("\n"));
    return "";
  });
  lines.push(...(withoutFences.match(/^ {4,}\S.*$/gm) ?? []));
  const spans = [...withoutFences.matchAll(/`([^`]+)`/g)].map(([, span]) => span!.replace(/\s+/g, " "));
  return [...lines, ...spans].map((line) => line.trim());
}

function commandsOn(page: string): string[] {
  const code = codeOn(readFileSync(page, "utf8"));
  return code.flatMap((line) => {
    const found = /^(?:sudo )?(?:npx |\.\/)?breakglass( .*)?$/.exec(line);
    return found === null ? [] : [(found[1] ?? "").trim()];
  });
}

function wordsOf(line: string): string[] {
  return (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^"(.*)"$/, "$1"));
}

const isPlaceholder = (word: string) => /^[A-Z][A-Z.:]*$/.test(word);

/** Values with a fixed set behind them that commander does not know. */
const KNOWN_VALUES: Readonly<Record<string, ReadonlySet<string>>> = {
  "--scenario": new Set(SCENARIOS.map(({ name }) => name)),
  "--remedy": new Set(REMEDIES.keys()),
};

/** What is wrong with a command line, or null. Lines that only name a verb need not give its arguments. */
function problem(line: string): string | null {
  const words = wordsOf(line);
  let command = program;
  while (command.commands.length > 0 && words.length > 0 && !words[0]!.startsWith("-")) {
    const word = words.shift()!;
    const verb = command.commands.find((each) => each.name() === word);
    if (verb === undefined) return `there is no verb "${word}"`;
    command = verb;
  }
  return argumentProblem(command, words);
}

function argumentProblem(command: Command, words: string[]): string | null {
  const given: string[] = [];
  while (words.length > 0) {
    const word = words.shift()!;
    if (!word.startsWith("-")) {
      given.push(word);
      continue;
    }
    if (["--help", "--version", "-V", "-h"].includes(word)) continue;
    const option = command.options.find((each) => each.long === word || each.short === word);
    if (option === undefined) return `${command.name()} has no option ${word}`;
    if (!option.required) continue;
    const wrong = valueProblem(option, words.shift());
    if (wrong !== null) return wrong;
  }
  const most = command.registeredArguments.some(({ variadic }: Argument) => variadic)
    ? Number.POSITIVE_INFINITY
    : command.registeredArguments.length;
  return given.length > most ? `${command.name()} takes no "${given[most]}"` : null;
}

function valueProblem(option: Option, value: string | undefined): string | null {
  if (value === undefined || value.startsWith("-")) return `${option.long} wants a value`;
  const known = option.argChoices ?? KNOWN_VALUES[option.long ?? ""];
  if (known === undefined || isPlaceholder(value) || [...known].includes(value)) return null;
  return `${option.long} knows no "${value}"`;
}

describe("a command on a page", () => {
  it("names verbs, options and values that exist", () => {
    const wrong = pages.flatMap((page) =>
      commandsOn(page).flatMap((line) => {
        const what = problem(line);
        return what === null ? [] : [`${relative(root, page)}: breakglass ${line}: ${what}`];
      }),
    );
    expect(wrong).toEqual([]);
    expect(commandsOn(join(root, "docs", "runbook.md")).length).toBeGreaterThan(10);
  });

  it("would be found out if it did not exist", () => {
    expect(problem("campaign stop")).toMatch(/no verb "stop"/);
    expect(problem("campaign arm --ring 1")).toMatch(/no option --ring/);
    expect(problem("campaign arm --unknown everyone")).toMatch(/knows no "everyone"/);
    expect(problem("drill run --scenario nothing")).toMatch(/knows no "nothing"/);
    expect(problem("campaign halt now")).toMatch(/takes no "now"/);
    expect(problem("serve --state")).toMatch(/wants a value/);
    expect(problem("campaign arm --remedy ID --inventory devices.csv --unknown hold")).toBeNull();
  });
});

describe("advice on a screen", () => {
  it("names verbs that exist", () => {
    const families = program.commands.filter(({ commands }) => commands.length > 0);
    const named = new RegExp(
      `\\bbreakglass (${families.map((each) => each.name()).join("|")}) ([a-z]+(?:-[a-z]+)*)`,
      "g",
    );
    const sources = [...filesBelow("src", /\.ts$/), ...filesBelow(join("pxe", "agent"), /\.sh$/)];
    const wrong = sources.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(named)]
        .filter(([line]) => problem(line.replace("breakglass ", "")) !== null)
        .map(([line]) => `${relative(root, file)}: ${line}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe("a test that a page names", () => {
  it("exists: the threat model claims nothing that is not tested", () => {
    const page = readFileSync(join(root, "docs", "threat-model.md"), "utf8");
    const tests = filesBelow("test", /\.test\.ts$/).map((file) => readFileSync(file, "utf8"));
    const drills = filesBelow(join("src", "drill"), /\.ts$/).map((file) => readFileSync(file, "utf8"));
    const named = [...page.matchAll(/(?<![*\w])\*([^*\n]{12,})\*(?![*\w])/g)].map(([, name]) => name!);
    const titles = named.filter((name) => /^(T\d+ )?[a-z]/.test(name) && name.split(" ").length > 3);
    const untested = titles.filter((name) => !tests.some((text) => text.includes(`"${name}"`)));
    const checks = [...page.matchAll(/`((?:T\d+)-[a-z-]+)`/g)].map(([, id]) => id!);
    const unchecked = checks.filter((id) => !drills.some((text) => text.includes(`"${id}"`)));
    expect({ untested, unchecked }).toEqual({ untested: [], unchecked: [] });
    expect(titles.length).toBeGreaterThan(20);
    expect(checks.length).toBeGreaterThan(8);
  });
});
