import type { Command } from "commander";

/** What commander gives for `--state DIR`. */
export interface StateOption {
  readonly state?: string;
}

export function withStateOption(command: Command): Command {
  return command.option("--state <DIR>", "where vault and ledger are (default: $BREAKGLASS_STATE, else ~/.breakglass)");
}
