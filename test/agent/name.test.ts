import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { formatNameGrammar, type NameGrammar } from "../../src/remedy/name.ts";
import { nameProblem } from "../../src/remedy/path.ts";
import { fitName } from "../remedy/fit-name.ts";
import { anyGrammar } from "../rescue/message-arbitrary.ts";
import { AgentShell } from "./busybox.ts";

const shell = new AgentShell();
afterAll(() => shell.remove());

/** A name that fits, and names one edit away from it. */
const names = (grammar: NameGrammar): fc.Arbitrary<string> => {
  const parts = grammar.map((part) =>
    "digits" in part ? fc.stringMatching(new RegExp(`^[0-9]{${part.digits}}$`)) : fc.constant(part.literal),
  );
  const fitting = fc.tuple(...parts).map((each) => each.join(""));
  const edit = fc.tuple(
    fitting,
    fc.nat(),
    fc.constantFrom("", "*", "0", "a", "A", ".", " ", "\n", "é", "ſ"),
    fc.boolean(),
  );
  return fc.oneof(
    fitting,
    edit.map(([name, at, put, insert]) => {
      const index = at % (name.length + 1);
      return name.slice(0, index) + put + name.slice(insert ? index : index + 1);
    }),
    fitting.map((name) => name.toUpperCase()),
  );
};

describe("the agent's name grammar", () => {
  it("fits exactly the names that the station's fits", () => {
    const sample = anyGrammar.chain((grammar) => fc.record({ grammar: fc.constant(grammar), name: names(grammar) }));
    fc.assert(
      fc.property(fc.array(sample, { minLength: 100, maxLength: 200 }), (samples) => {
        const args = samples.flatMap(({ grammar, name }) => [formatNameGrammar(grammar), name]);
        const loop = 'while [ $# -gt 0 ]; do name_fits "$1" "$2"; echo $?; shift 2; done';
        const words = shell
          .script(loop, ...args)
          .stdout.split("\n")
          .slice(0, -1);
        expect(words).toEqual(samples.map(({ grammar, name }) => (fitName(grammar, name).exactly ? "0" : "1")));
      }),
      { numRuns: 5 },
    );
  });

  it.each([
    "=C-00000291*.sys",
    "=C-0000029?.sys",
    "#8",
    "=abc",
    "=.sys",
    "=abcd.",
    "",
    ",",
    "=abcd,",
    ",=abcd",
    "=abcd,#0",
    "=abcd,#100",
    "=abcd,#",
    "=abcd,x",
    "=a/bcd",
    "=a:bcd",
    "=CON.abcd",
    "=abcd ",
    "=ab%20",
    `=${"a".repeat(65)}`,
    `${"=abcd,".repeat(16)}=a`,
  ])("%j is refused", (grammar) => {
    expect(shell.script('is_grammar "$1"', grammar).status).toBe(1);
  });

  it("of the channel file is accepted", () => {
    expect(shell.script('is_grammar "$1"', "=C-00000291-,#8,=-,#8,=.sys").status).toBe(0);
  });
});

describe("a plain name", () => {
  it("is the same to the agent and to the station", () => {
    const text = fc.oneof(
      fc.string({ maxLength: 6 }).filter((each) => !each.includes("\0")),
      fc.string({ maxLength: 5, unit: fc.constantFrom("a", "C", "O", "N", ".", " ", "-", "1", "~", ":") }),
      fc.constantFrom(
        "con",
        "Con.txt",
        "com1",
        "COM10",
        "nul.",
        "lpt0.a.b",
        "aux ",
        "console",
        "x".repeat(64),
        "x".repeat(65),
      ),
    );
    fc.assert(
      fc.property(fc.array(text, { minLength: 100, maxLength: 200 }), (texts) => {
        const words = shell.script('for name; do is_plain_name "$name"; echo $?; done', ...texts).stdout;
        expect(words.split("\n").slice(0, -1)).toEqual(texts.map((name) => (nameProblem(name) === null ? "0" : "1")));
      }),
      { numRuns: 5 },
    );
  });
});
