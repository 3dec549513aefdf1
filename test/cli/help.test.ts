import type { Command } from "commander";
import { expect, test } from "vitest";
import { addVerbs, VerbCommand } from "../../src/cli/verb-command.ts";
import { VERBS } from "../../src/cli/verbs.ts";

const program = new VerbCommand("breakglass");
await addVerbs(program, VERBS, "all");

interface Shown {
  readonly words: readonly string[];
  readonly help: string;
}

/** Every single verb for people, with the help that it shows. */
function shown(command: Command, above: readonly string[] = []): readonly Shown[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((below) => below.name() !== "help")
    .flatMap((below) => {
      const words = [...above, below.name()];
      if (below.commands.length > 0) return shown(below, words);
      let help = "";
      below.configureOutput({ writeOut: (text) => (help += text) });
      below.outputHelp();
      return [{ words, help }];
    });
}

const ALL = shown(program);
const examplesOf = (help: string) =>
  help
    .slice(help.search(/^Examples?:$/m))
    .split("\n")
    .slice(1)
    .filter((line) => line !== "");

test("the help of every verb tells its exit codes", () => {
  expect(ALL.filter(({ help }) => !/Exit code 0/.test(help)).map(({ words }) => words.join(" "))).toEqual([]);
});

test("the help of every verb ends with one or two examples of that verb", () => {
  const bad = ALL.filter(({ words, help }) => {
    const lines = examplesOf(help);
    const own = new RegExp(`^ {2}(sudo )?breakglass ${words.join(" ")}(?= |$)`);
    return (
      !/^Examples?:$/m.test(help) || lines.length < 1 || lines.length > 2 || !lines.every((line) => own.test(line))
    );
  });
  expect(bad.map(({ words }) => words.join(" "))).toEqual([]);
});

/** A command line's words, as a shell splits them: spaces apart, quoted ones together. */
const split = (line: string) => [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);

test.each(ALL.flatMap(({ help }) => examplesOf(help)))("the example parses: %s", async (line) => {
  const words = split(line.trim().replace(/^sudo /, "")).slice(1);
  const parser = new VerbCommand("breakglass").exitOverride().configureOutput({ writeErr: () => {} });
  await addVerbs(parser, VERBS, words);
  let ran = false;
  const stopAtAction = (command: Command): void => {
    command.action(() => {
      ran = true;
    });
  };
  let command: Command = parser;
  for (const word of words) {
    const below = command.commands.find((each) => each.name() === word);
    if (below === undefined) break;
    command = below;
  }
  stopAtAction(command);
  await parser.parseAsync(words, { from: "user" });
  expect(ran).toBe(true);
});
