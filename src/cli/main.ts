import { StoreError } from "../ledger/store-error.ts";
import { MalformedError } from "../wire/malformed.ts";
import { ExitCode, OperatorError } from "../wire/operator-error.ts";
import { withoutPasswords } from "../wire/without-passwords.ts";
import { again, isRoot, pasteable } from "./next-step.ts";
import { guardOutput } from "./output.ts";
import { runProgram } from "./program.ts";

function say(what: string, next: string): void {
  process.stderr.write(`breakglass: ${withoutPasswords(what)}\n  next: ${pasteable(next)}\n`);
}

function report(error: unknown): ExitCode {
  if (error instanceof OperatorError) {
    say(
      error.message,
      error instanceof StoreError && error.fault === "access" && !isRoot() ? again("sudo") : error.next,
    );
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

guardOutput();
try {
  await runProgram(process.argv.slice(2));
} catch (error) {
  process.exitCode = report(error);
}
