import type { Command } from "commander";
import type { PassphraseOption } from "./passphrase.ts";

/** What commander gives for the two ways to open a vault. */
export interface OpenerOption extends PassphraseOption {
  readonly custodians?: boolean;
  readonly sharesFd?: string;
}

export function withOpenerOptions(command: Command): Command {
  return command
    .option("--custodians", "open the vault with custodians' shares, asked for one after the other")
    .option("--passphrase-fd <N>", "read the vault's passphrase from this descriptor instead of asking")
    .option("--shares-fd <N>", "read custodians' shares from this descriptor, one on each line");
}
