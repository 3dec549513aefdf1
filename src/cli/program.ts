import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { VERSION } from "../wire/version.ts";
import { withoutPasswords } from "../wire/without-passwords.ts";
import { beginRun, findVerb } from "./next-step.ts";
import { addVerbs, VerbCommand } from "./verb-command.ts";
import { VERBS } from "./verbs.ts";

const EXIT_CODES = `
Exit codes:
  0   done
  1   the command ran, its answer is no (drill failed, ledger broken, image
      differs, rows rejected)
  2   wrong input or usage; nothing was changed
  3   refused by the present state (a campaign is armed already, nothing to
      halt, a wrong passphrase)
  4   this machine lacks something (package, permission, port, interface)
  5   done, but its output could not be written (a full disk, a terminal that
      is gone); a reader that stops reading, as in \`| head\`, is 0
  70  a defect in breakglass`;

/** Commander says `error: unknown option '--x'`. The whole help after that would push the message off the screen. */
function usage(text: string): string {
  const what = text
    .trim()
    .replace(/^error: /, "")
    .replace("\n", " ");
  const sentence = what.charAt(0).toUpperCase() + what.slice(1);
  return `breakglass: ${withoutPasswords(sentence)}${/[.?)]$/.test(sentence) ? "" : "."}\n`;
}

/** Many programs take their options before the verb; here each option is a verb's own. */
function refuseOptionFirst([first = "", ...rest]: readonly string[]): void {
  if (!first.startsWith("--") || /^--(help|version)$/.test(first)) return;
  const verb = rest.find((word) => findVerb(VERBS, [word]) !== null);
  if (verb === undefined) return;
  throw new OperatorError(
    `The option ${first.split("=")[0]} stands before the verb "${verb}". Nothing was done.`,
    `Write the options after the verb: breakglass ${verb} ${first.split("=")[0]} ...`,
  );
}

/** Runs what was typed after `breakglass`. Rejects with what the verb threw; wrong usage ends the process. */
export async function runProgram(typed: readonly string[]): Promise<void> {
  const asked = typed[0] === "help" ? [...typed.slice(1), "--help"] : typed;
  const [first] = asked;
  refuseOptionFirst(asked);
  // Commander answers `armm --help` with the whole program's help.
  const mistyped = first !== undefined && !first.startsWith("-") && findVerb(VERBS, [first]) === null;
  const words = mistyped ? [first] : asked;
  const program = new VerbCommand("breakglass")
    .description("Brings back Windows machines that no longer boot: offline, with evidence, without harm.")
    .version(VERSION)
    .configureOutput({ outputError: (text, write) => write(usage(text)) })
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .helpCommand(false)
    .addHelpText("after", EXIT_CODES)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? ExitCode.done : ExitCode.badInput));
  beginRun(VERBS, undefined);
  program.hook("preAction", (_program, verb) => beginRun(VERBS, verb.opts().state as string | undefined));
  await addVerbs(program, VERBS, words);
  await program.parseAsync(words, { from: "user" });
}
