import { Command } from "commander";
import { MalformedError } from "../wire/malformed.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { VERSION } from "../wire/version.ts";
import { register as registerApi } from "./api.ts";
import { register as registerCampaign } from "./campaign.ts";
import { register as registerDrill } from "./drill.ts";
import { register as registerEscrow } from "./escrow.ts";
import { register as registerExplain } from "./explain.ts";
import { register as registerImage } from "./image.ts";
import { register as registerLedger } from "./ledger.ts";
import { register as registerRemedy } from "./remedy.ts";
import { register as registerServe } from "./serve.ts";
import { register as registerToken } from "./token.ts";

const EXIT_CODES = `
Exit codes:
  0   done
  1   the command ran, its answer is no (drill failed, ledger broken, image
      differs, rows rejected)
  2   wrong input or usage; nothing was changed
  3   refused by the present state (a campaign is armed already, nothing to
      halt, a wrong passphrase)
  4   this machine lacks something (package, permission, port, interface)
  70  a defect in breakglass`;

function say(what: string, next: string): void {
  process.stderr.write(`breakglass: ${withoutPasswords(what)}\n  next: ${next}\n`);
}

/** A message may quote what was typed or read, and that may be a recovery password in the wrong place. */
function withoutPasswords(text: string): string {
  return text.replace(/\d{6}(?:[ ,-]+\d{6}){2,}|\d{48}/g, "[a recovery password?]");
}

function report(error: unknown): ExitCode {
  if (error instanceof OperatorError) {
    say(error.message, error.next);
    return error.exitCode;
  }
  if (error instanceof MalformedError) {
    const { what } = error;
    say(`The input is malformed: ${what}. Nothing was changed.`, "Correct it, and run the command again.");
    return ExitCode.badInput;
  }
  say(
    `A defect: ${(error as Error)?.stack ?? String(error)}`,
    "Please report it. Whatever was being done, the ledger says how far it came: breakglass ledger show --tail 5",
  );
  return ExitCode.defect;
}

/** Commander says `error: unknown option '--x'`. The whole help after that would push the message off the screen. */
function usage(text: string): string {
  const what = text
    .trim()
    .replace(/^error: /, "")
    .replace("\n", " ");
  const sentence = what.charAt(0).toUpperCase() + what.slice(1);
  return `breakglass: ${withoutPasswords(sentence)}${/[.?)]$/.test(sentence) ? "" : "."}\n`;
}

const program = new Command("breakglass")
  .description("Brings back Windows machines that no longer boot: offline, with evidence, without harm.")
  .version(VERSION)
  .configureOutput({ outputError: (text, write) => write(usage(text)) })
  .showHelpAfterError("  next: See what there is with --help, at every verb.")
  .addHelpText("after", EXIT_CODES)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? ExitCode.done : ExitCode.badInput));
for (const register of [
  registerServe,
  registerCampaign,
  registerEscrow,
  registerLedger,
  registerRemedy,
  registerImage,
  registerDrill,
  registerExplain,
  registerToken,
  registerApi,
])
  register(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
