import { MalformedError } from "../wire/malformed.ts";
import { nameProblem } from "./path.ts";

/** One piece of a name grammar: exactly this text, or exactly so many decimal digits. There is no third kind. */
type NamePart = { readonly literal: string } | { readonly digits: number };

/** The whole name from its first to its last character: there is nothing before, after or between the parts. */
export type NameGrammar = readonly NamePart[];

/** Says what is wrong with a grammar, or null: every name it stands for is plain, and much of it is spelled out. */
export function grammarProblem(grammar: NameGrammar): string | null {
  if (grammar.length > 16) return "a name grammar has at most 16 parts";
  // Any name the grammar admits is an ordinary Windows name: digits stand for themselves in every position.
  const problem = nameProblem(grammar.map(exampleOf).join(""));
  if (problem) return `the names it stands for: ${problem}`;
  const spelled = grammar.reduce((total, part) => total + ("literal" in part ? part.literal.length : 0), 0);
  if (spelled < 4) return "must spell out at least 4 characters literally";
  if (grammar.some((part, index) => "literal" in part && "literal" in (grammar[index + 1] ?? {})))
    return "two literals in a row: write them as one";
  return null;
}

/** Asked of parts that were found wrong, too: the schema goes on with them. */
function exampleOf(part: NamePart): string {
  return "literal" in part ? part.literal : "0".repeat(Math.min(Math.max(part.digits, 1), 32));
}

/** The one text form, as the agent protocol carries it: `=C-00000291-,#8,=-,#8,=.sys`. */
export function formatNameGrammar(grammar: NameGrammar): string {
  return grammar.map((part) => ("digits" in part ? `#${part.digits}` : `=${part.literal}`)).join(",");
}

/** Inverse of formatNameGrammar. Throws MalformedError naming the part, or what is wrong with the whole. */
export function parseNameGrammar(text: string): NameGrammar {
  const grammar = text.split(",").map((part, index): NamePart => {
    if (/^=[A-Za-z0-9._ -]+$/.test(part)) return { literal: part.slice(1) };
    if (/^#([1-9]|[12][0-9]|3[0-2])$/.test(part)) return { digits: Number(part.slice(1)) };
    throw new MalformedError(`part ${index + 1} of the name grammar is neither =literal nor #digits: "${part}"`);
  });
  const problem = grammarProblem(grammar);
  if (problem) throw new MalformedError(problem);
  return grammar;
}
