import { Command } from "commander";
import { VERSION } from "../server/version.ts";
import { MalformedError } from "../wire/malformed.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { register as registerCampaign } from "./campaign.ts";
import { register as registerDrill } from "./drill.ts";
import { register as registerEscrow } from "./escrow.ts";
import { register as registerImage } from "./image.ts";
import { register as registerLedger } from "./ledger.ts";
import { register as registerRemedy } from "./remedy.ts";
import { register as registerServe } from "./serve.ts";

const EXIT_CODES = `
Exit codes:
  0   done
  1   the command ran, its answer is no (drill failed, ledger broken, image differs, rows rejected)
  2   wrong input or usage; nothing was changed
  3   refused by the present state (campaign halted, vault sealed)
  4   this machine lacks something (package, permission, port, interface)
  70  a defect in breakglass`;

function report(error: unknown): ExitCode {
  if (error instanceof OperatorError) {
    process.stderr.write(`breakglass: ${error.message}\n  next: ${error.next}\n`);
    return error.exitCode;
  }
  if (error instanceof MalformedError) {
    process.stderr.write(`breakglass: the input is malformed: ${error.message}; nothing was changed\n`);
    return ExitCode.badInput;
  }
  process.stderr.write(`breakglass: a defect, please report it: ${(error as Error)?.stack ?? String(error)}\n`);
  return ExitCode.defect;
}

const program = new Command("breakglass")
  .description("Brings back Windows machines that no longer boot: offline, with evidence, without harm.")
  .version(VERSION)
  .showHelpAfterError()
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
])
  register(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
