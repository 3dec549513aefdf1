import { Command, type Option } from "commander";
import { helpEnding } from "./examples.ts";
import { helpCommand } from "./next-step.ts";
import type { Verb } from "./verb.ts";

/** Commander's command, with the errors that a tired operator needs. */
export class VerbCommand extends Command {
  #unknown: readonly string[] = [];

  override createCommand(name?: string): VerbCommand {
    return new VerbCommand(name);
  }

  override parseOptions(argv: string[]): ReturnType<Command["parseOptions"]> {
    this.#refuseSwallowedOption(argv);
    const parsed = super.parseOptions(argv);
    this.#unknown = parsed.unknown;
    return parsed;
  }

  /** After the cause, the command that shows what this verb takes. */
  override error(...told: Parameters<Command["error"]>): never {
    this.showHelpAfterError(`  next: See: ${helpCommand(this.#path())}`);
    return super.error(...told);
  }

  /** The words that name this verb, without the program's own name. */
  #path(): readonly string[] {
    const { parent } = this;
    return parent instanceof VerbCommand ? [...parent.#path(), this.name()] : [];
  }

  /** `halt --reason --state DIR`: commander would take `--state` for the reason. */
  #refuseSwallowedOption(argv: readonly string[]): void {
    const named = (flag: string | undefined) => this.options.find(({ long }) => long === flag);
    for (const [index, flag] of argv.entries()) {
      if (flag === "--") return;
      if (named(flag)?.required && named(argv[index + 1]) !== undefined)
        this.error(`error: option '${named(flag)!.flags}' argument missing`);
      // An unset variable of a script. As a path it would mean the folder that one happens to be in.
      const [name, value] = flag.includes("=")
        ? [flag.split("=")[0], flag.slice(flag.indexOf("=") + 1)]
        : [flag, argv[index + 1]];
      if (value === "" && /<(FILE|DIR)/.test(named(name)?.flags ?? ""))
        this.error(`error: option '${named(name)!.flags}' is empty. Nothing was changed.`);
    }
  }

  /** Called by commander. Of a required option that was mistyped, the typing error is the cause. */
  missingMandatoryOptionValue(option: Option): void {
    const [typed] = this.#unknown;
    if (typed === undefined) this.error(`error: required option '${option.flags}' not specified`);
    else (this as unknown as { unknownOption(flag: string): void }).unknownOption(typed);
  }
}

/** Adds the verbs to a command, and loads the one that `words` ask for: all others are a name and a description. */
export async function addVerbs(
  parent: Command,
  verbs: readonly Verb[],
  words: readonly string[] | "all",
  family: readonly string[] = [],
): Promise<void> {
  const [first, ...rest] = words === "all" ? [] : words.filter((word) => !word.startsWith("-"));
  for (const { name, description, verbs: below, load, hidden } of verbs) {
    const command = parent.command(name, { hidden: hidden === true }).description(description);
    const asked = words === "all" || name === first;
    if (below !== undefined)
      await addVerbs(command, below, words === "all" ? words : asked ? rest : [], [...family, name]);
    else if (asked) {
      (await load!())(command);
      command.addHelpText("after", helpEnding([...family, name]));
    }
  }
}
